"""While Kafka is away nobody waits for it; what was ended meanwhile is ended everywhere once it is back."""

from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError

from deploy.embedded.kafka import start_kafka
from shared import access
from shared.identity import Who
from tests.serving import Served, until
from tests.shared.small import browser, csrf, small

HANNA = Who("hanna@example.org", "Hanna", "handler")


async def role(served: Served, cookie: str) -> str:
    async with browser(served, cookies={"recourse_session": cookie}) as client:
        return str((await client.get("/api/v1/who")).json()["role"])


async def test_a_sign_out_while_kafka_is_away(
    postgres: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "PATIENCE", 1.0)
    broker = start_kafka(tmp_path)
    try:
        async with small(broker.bootstrap, postgres) as one, small(broker.bootstrap, postgres, beside=one) as other:

            @one.app.get("/api/v1/kafka")
            async def kafka() -> None:
                raise KafkaConnectionError

            cookie = one.runtime.signer.session(HANNA)
            assert (await role(one, cookie), await role(other, cookie)) == ("handler", "handler")
            broker.stop()
            async with browser(one, cookies={"recourse_session": cookie}) as client:
                form = {"csrf": await csrf(client)}
                answer = await client.post("/signout", data=form)
                away = await client.get("/api/v1/kafka", headers={"Accept": "application/json"})
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert "as soon as Kafka answers" in answer.text
            assert (away.status_code, away.headers["content-type"]) == (503, "application/problem+json")
            assert (await role(one, cookie), await role(other, cookie)) == ("anonymous", "handler")
            broker = start_kafka(tmp_path, broker.port)

            async def told() -> bool:
                return await role(other, cookie) == "anonymous"

            await until(told, 120)
    finally:
        broker.stop()
