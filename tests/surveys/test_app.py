"""The wiring: what `cases` sends leads to an invitation that `intake` can read."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import psycopg

from services.surveys.app import build
from services.surveys.response.state import response_id
from shared.eventstore import relay
from shared.eventstore.relay import Relay
from shared.eventstore.store import Store
from shared.keys.keyring import Keyring
from tests.scenarios.surveys import closed
from tests.serving import MASTER, serve, settings, until


async def test_a_case_that_closes_elsewhere_leads_to_an_invitation(kafka: str, postgres: Callable[[str], str]) -> None:
    given, url = await settings(kafka, postgres("surveys")), postgres("cases")
    cases = await asyncio.to_thread(Store, "cases", url, Keyring(MASTER))
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        await conn.execute(relay.SCHEMA)
    sender = Relay("cases", url, given.cluster)
    sender.start()
    try:
        async with serve(build, given) as served, served.client("leader") as client:
            await asyncio.to_thread(cases.put, [closed(1), closed(2)])

            async def invited() -> list[dict[str, str]]:
                rows: list[dict[str, str]] = (await client.get("/api/v1/surveys/responses")).json()["data"]
                return rows if len(rows) == 2 else []

            rows = await until(invited)
    finally:
        await sender.stop()
        cases.close()
    assert {row["response_id"] for row in rows} == {str(response_id(UUID(int=n), "handling")) for n in (1, 2)}
    assert {row["answered_at"] for row in rows} == {None}
