"""Keys that a rotation hands to the relay pass by none that a save is just writing."""

import asyncio
import uuid
from collections.abc import Callable

import psycopg

from deploy.cli.keys import rotation
from shared.eventstore.store import Store
from shared.keys.keyring import Keyring
from tests.serving import MASTER, until
from tests.shared.conftest import met

SLOW = """
create function wait_a_little() returns trigger language plpgsql as $$begin perform pg_sleep(2); return null; end$$;
create trigger slow after insert on intake_events for each statement execute function wait_a_little()
"""


async def test_it_waits_for_a_save_that_has_its_numbers_already(postgres: Callable[[str], str]) -> None:
    """The relay goes by number: what commits a lower one later is never sent."""
    url = postgres("intake")
    store = Store("intake", url, Keyring(MASTER))
    known, new = uuid.uuid4(), uuid.uuid4()
    store.put([met(known)])
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        await conn.execute("delete from key_changes")
        await conn.execute(SLOW)
        saving = asyncio.create_task(asyncio.to_thread(store.put, [met(new)]))
        await until(lambda: saves(conn))
        await rotation._hand_over(conn, [known])
        found = await conn.execute("select person_id from key_changes order by number")
        assert [row[0] for row in await found.fetchall()] == [new, known]
        await saving
    store.close()


async def saves(conn: psycopg.AsyncConnection[tuple[object, ...]]) -> bool:
    """Whether the save has come to its events, after its keys."""
    found = await conn.execute("select from pg_stat_activity where wait_event = 'PgSleep'")
    return await found.fetchone() is not None
