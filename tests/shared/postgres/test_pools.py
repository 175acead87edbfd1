"""Connections that ended with their server are handed to nobody, and who asks meanwhile waits for it."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from uuid import UUID

import psycopg

from deploy.embedded.databases import create_database
from deploy.embedded.postgres import start_postgres
from shared.eventstore.store import Store
from shared.keys.keyring import Keyring
from shared.postgres.pools import SOUGHT, Pool, lasting_pool
from tests.conftest import QUICK

MANY = 6
END_ALL = (
    "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = current_database() and pid <> %s"
)


def end_all(url: str) -> int:
    """Every other connection to the database; answers how many there were."""
    with psycopg.connect(url, autocommit=True) as conn:
        return len(conn.execute(END_ALL, [conn.info.backend_pid]).fetchall())


async def grow(pool: Pool) -> None:
    """As large as it may be, and idle."""
    async with AsyncExitStack() as stack:
        for _ in range(MANY):
            await stack.enter_async_context(pool.connection())


async def one(pool: Pool) -> int:
    async with pool.connection() as conn:
        row = await (await conn.execute("select 1")).fetchone()
        assert row is not None
        return int(row[0])


async def test_a_view_meets_no_connection_that_has_ended(postgres: Callable[[str], str]) -> None:
    url = postgres("pools")
    async with lasting_pool(url, max_size=MANY) as pool:
        for _ in range(2):
            await grow(pool)
            assert end_all(url) == MANY
            assert [await one(pool) for _ in range(2 * MANY)] == [1] * 2 * MANY


def test_the_store_meets_no_connection_that_has_ended(postgres: Callable[[str], str]) -> None:
    url = postgres("pools")
    store = Store("cases", url, Keyring(bytes(32)))
    try:
        with ExitStack() as stack:
            for _ in range(MANY):
                stack.enter_context(store.recorder.datastore.get_connection())  # type: ignore[attr-defined]
        assert end_all(url) >= MANY
        assert [store.existing([UUID(int=1)]) for _ in range(2 * MANY)] == [set()] * 2 * MANY
    finally:
        store.close()


async def test_who_asks_while_the_server_is_away_waits_for_it(servers_folder: Path) -> None:
    folder = servers_folder / "away"
    server = start_postgres(folder, settings=QUICK)
    async with lasting_pool(create_database(server.url(), "away"), max_size=MANY, timeout=60) as pool:
        await grow(pool)
        server.stop()
        waiting = [asyncio.create_task(one(pool)) for _ in range(3 * MANY)]
        await asyncio.wait(waiting, timeout=SOUGHT + 1)  # until the first tries were given up
        assert not any(task.done() for task in waiting)
        server = await asyncio.to_thread(start_postgres, folder, QUICK)
        try:
            assert await asyncio.gather(*waiting) == [1] * 3 * MANY
        finally:
            server.stop()
