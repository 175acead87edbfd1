"""Pools of connections that outlive their server: what ended with it is handed to nobody, and it is sought again."""

from select import POLLIN, poll
from typing import Any

import psycopg
from eventsourcing.postgres import ConnectionPool, PostgresDatastore
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

Connection = psycopg.AsyncConnection[Any]
Pool = AsyncConnectionPool[Connection]
SOUGHT = 2.0
"""Seconds after which a pool begins anew to look for a server that is away: else it waits twice as long each time."""


def lasting_pool(url: str, **given: Any) -> Pool:
    """A pool that is not open yet, in autocommit mode."""

    async def check(conn: Connection) -> None:
        try:
            if _speaks(conn):
                await AsyncConnectionPool.check_connection(conn)
        except psycopg.Error:
            await pool.drain()
            raise

    pool: Pool = AsyncConnectionPool(
        url, min_size=1, open=False, kwargs={"autocommit": True, "prepare_threshold": None}, check=check,
        reconnect_timeout=SOUGHT, reconnect_failed=AsyncConnectionPool.check, **given,
    )  # fmt: skip
    return pool


def make_lasting(datastore: PostgresDatastore, url: str) -> None:
    """The same for the pool of the event store, which is not open yet; it knows the URL only in part."""
    given = datastore.pool

    def check(conn: psycopg.Connection[Any]) -> None:
        try:
            if _speaks(conn):
                ConnectionPool.check_connection(conn)
        except psycopg.Error:
            datastore.pool.drain()
            raise

    datastore.pool = ConnectionPool(
        url, connection_class=given.connection_class, kwargs={"row_factory": dict_row}, min_size=given.min_size,
        max_size=given.max_size, open=False, configure=datastore.after_connect_func(), check=check,
        timeout=given.timeout, reconnect_timeout=SOUGHT, reconnect_failed=ConnectionPool.check,
    )  # fmt: skip


def _speaks(conn: psycopg.Connection[Any] | Connection) -> bool:
    """A server says nothing on an idle connection unless it ends it; to look costs no way there and back."""
    looked = poll()
    looked.register(conn.fileno(), POLLIN)
    return bool(looked.poll(0))
