"""While Kafka is away nobody waits for it; what was ended meanwhile is ended everywhere once it is back."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError

from deploy.cli.bus.kafka_log import compacted
from deploy.embedded.kafka import start_kafka
from shared.kafka.topics import ACCESS
from shared.security import revocations
from shared.security.permissions import Who
from shared.security.signing import Signer
from shared.security.tokens import Token, digest, new_secret
from tests.serving import Served, until
from tests.shared.small import browser, csrf, small

HANNA = Who("hanna@example.org", "Hanna", "handler")


async def role(served: Served, cookie: str) -> str:
    async with browser(served, cookies={"recourse_session": cookie}) as client:
        return str((await client.get("/api/v1/who")).json()["role"])


async def test_a_sign_out_while_kafka_is_away(
    postgres: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revocations, "PATIENCE", 1.0)
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


async def send(served: Served, key: str, value: bytes) -> None:
    cluster = served.runtime.settings.cluster
    async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap) as kafka:
        await kafka.send_and_wait(cluster.name(ACCESS), value, key.encode(), partition=0)


async def holder(served: Served, secret: str) -> str:
    async with browser(served, headers={"Authorization": f"Bearer {secret}"}) as client:
        return str((await client.get("/api/v1/who")).json()["role"])


async def test_who_may_write_to_kafka_lets_nobody_in(kafka: str, postgres: Callable[[str], str]) -> None:
    forged, made = new_secret(), new_secret()
    token = Token(name="Feed", role="admin", created_at=datetime.now(UTC))
    said = token.model_dump(mode="json", exclude_none=True)
    async with small(kafka, postgres) as one:
        elsewhere = Signer("a secret of somebody else").sign("access", [f"token/{digest(forged)}", said])
        await send(one, f"token/{digest(forged)}", orjson.dumps(said))
        await send(one, f"token/{digest(forged)}", orjson.dumps(said | {"signed": elsewhere}))
        await send(one, "garbage", b"not JSON")
        await send(one, f"token/{digest(made)}", b"[]")
        await one.runtime.access.keep_token(digest(made), token)
        ours = one.runtime.signer.sign("access", [f"token/{digest(made)}", said])
        async with small(kafka, postgres, beside=one) as other:

            async def heard() -> bool:
                return await holder(other, made) == "admin"

            await until(heard)
            assert await holder(other, forged) == await holder(one, forged) == "anonymous"

            await one.runtime.access.revoke_token(digest(made))
            await send(one, f"token/{digest(made)}", orjson.dumps(said | {"signed": ours}))  # an older record again

            async def revoked_for_good() -> bool:
                kept = await compacted(one.runtime.settings.cluster, ACCESS)
                return "revoked_at" in kept[f"token/{digest(made)}"]

            await until(revoked_for_good)
            assert await holder(one, made) == await holder(other, made) == "anonymous"
