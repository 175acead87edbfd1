"""The generations of a view: each has tables of its own, one is live under the view's bare names."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from psycopg.sql import SQL, Identifier

from shared.postgres import purge
from shared.postgres.migrations import add_column
from shared.postgres.pools import Connection, Pool
from shared.projections import checkpoints, tables
from shared.projections.checkpoints import Live
from shared.projections.view import View

SCHEMA = """
create table if not exists views (
  name text primary key, version int not null, generation int not null, newest int not null,
  switched_at timestamptz not null default now(), verified_at timestamptz, erasure uuid
);
""" + add_column("views", "erasure", "uuid")
EVERY = 60.0
"""Seconds between two looks for what was abandoned."""


async def prepare(conn: Connection, view: View) -> Live:
    """Make the first generation where there is none; answers what is live, which may be of an older version.

    What an older one lacks reads as empty until the view is rebuilt, so that queries of today find their columns.
    """
    async with conn.transaction():
        await conn.execute("select pg_advisory_xact_lock(hashtext('recourse.views'))")
        live = (await checkpoints.read_live(conn, [view])).get(view.name)
        if live is None:
            await tables.create(conn, view, 1)
            await tables.index(conn, view, 1)
            await tables.point(conn, view, 1)
            await conn.execute("insert into views values (%s, %s, 1, 1)", [view.name, view.version])
            live = Live(view.version, 1, None, {})
        elif live.version < view.version:
            await tables.point(conn, view, live.generation)
    return live


@asynccontextmanager
async def building(pool: Pool, view: View) -> AsyncIterator[int]:
    """A generation to fill, for one builder at a time; gone again if it was not switched to."""
    async with pool.connection() as conn:
        await conn.execute("select pg_advisory_lock(hashtext(%s))", [_builder(view)])
        try:
            await _give_up(conn, view)
            yield await _next_generation(conn, view)
        finally:
            await _give_up(conn, view)
            await conn.execute("select pg_advisory_unlock(hashtext(%s))", [_builder(view)])


async def drop_abandoned(conn: Connection, view: View) -> None:
    """Drop the generation that a killed builder has left, in the caller's transaction: nobody takes words out of it."""
    found = await conn.execute("select pg_try_advisory_xact_lock(hashtext(%s))", [_builder(view)])
    if await found.fetchone() == (True,):
        await _give_up(conn, view)


async def keep_dropping(pool: Pool, views: Sequence[View]) -> None:
    """A service's worker, as a builder may be killed after the erasure that left it alone."""
    while True:
        for view in views:
            async with pool.connection() as conn, conn.transaction():
                await drop_abandoned(conn, view)
        await asyncio.sleep(EVERY)


async def _give_up(conn: Connection, view: View) -> None:
    """Drop what was not switched to; the server's log still has its words, so it is noted.

    The view is held, as a builder that has lost its lock may switch all the same.
    """
    async with conn.transaction():
        await hold(conn, view)
        if dropped := await _drop_all_but_live(conn, view):
            await conn.execute(purge.NOTE, [dropped])


def _builder(view: View) -> str:
    return f"recourse.build {view.name}"


async def _next_generation(conn: Connection, view: View) -> int:
    """Empty tables beside the live ones, without indexes: `index` makes those when the rows are there."""
    async with conn.transaction():
        found = await conn.execute("update views set newest = newest + 1 where name = %s returning newest", [view.name])
        ((generation,),) = await found.fetchall()
        await tables.create(conn, view, generation)
    return int(generation)


async def switch(conn: Connection, view: View, generation: int) -> None:
    """Let pages read this generation and drop the others, in the caller's transaction, which holds the view."""
    await tables.point(conn, view, generation)
    await conn.execute(
        "update views set version = %s, generation = %s, switched_at = now() where name = %s",
        [view.version, generation, view.name],
    )
    await _drop_all_but_live(conn, view)


async def unread(conn: Connection, view: View) -> list[str]:
    """The tables of generations that nobody reads: they are being filled, or were left so."""
    names = await conn.execute(
        "select tablename from pg_tables where schemaname = current_schema() and tablename ~ %s"
        " and tablename !~ (select '_g' || generation || '$' from views where name = %s)",
        [f"^({'|'.join(table.name for table in view.tables)})_g[0-9]+$", view.name],
    )
    return [name for (name,) in await names.fetchall()]


async def _drop_all_but_live(conn: Connection, view: View) -> list[str]:
    """The tables and the progress of generations that nobody reads; answers which tables."""
    names = await unread(conn, view)
    for name in names:
        await conn.execute(SQL("drop table {} cascade").format(Identifier(name)))
    await conn.execute(
        "delete from progress where consumer ~ %s and consumer <> (select name || '.g' || generation from views"
        " where name = %s)", [f"^{view.name}[.]g[0-9]+$", view.name],
    )  # fmt: skip
    return names


async def hold(conn: Connection, view: View) -> None:
    """Keep live batches from the view until the transaction ends; one that is under way is waited for.

    A statement of its own: what waits for a lock goes on to see other rows as they were before it waited.
    """
    await conn.execute("select from views where name = %s for update", [view.name])


async def mark_erasure(conn: Connection, views: Sequence[View]) -> None:
    """For the other processes of the service, in the transaction that takes the words out.

    Not by counting: a database that is killed may forget the last erasure, and another would get its number.
    """
    await conn.execute(
        "update views set erasure = gen_random_uuid() where name = any(%s)", [[view.name for view in views]]
    )
