"""Work that one process of a service does at a time, whichever holds the lock; the others wait for it to go."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from shared.postgres.pools import Connection

EVERY = 0.5
"""Seconds between two tries to get the lock."""


@asynccontextmanager
async def leading(url: str, name: str, **connecting: Any) -> AsyncIterator[Connection]:
    """A connection that holds the lock, as soon as no other does; the lock ends with the connection.

    Whoever works asks it something between two steps: a statement fails where the lock is lost. It is asked for again
    and again: a statement that waits in the server may hang its task when that is cancelled, and keeps PostgreSQL from
    cleaning up what was deleted meanwhile.
    """
    async with await psycopg.AsyncConnection.connect(url, autocommit=True, **connecting) as conn:
        while True:
            found = await conn.execute("select pg_try_advisory_lock(hashtext(%s))", [f"recourse.{name}"])
            if (await found.fetchone() or [False])[0]:
                break
            await asyncio.sleep(EVERY)
        yield conn
