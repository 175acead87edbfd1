"""The generations of a view: each has tables of its own, one is live under the view's bare names."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from shared.projection import physical
from shared.sifting import Place, Stand
from shared.view import View

SCHEMA = """
create table if not exists views (
  name text primary key, version int not null, generation int not null, newest int not null,
  switched_at timestamptz not null default now(), verified_at timestamptz
);
"""
Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Live:
    """What pages read now."""

    version: int
    generation: int


def consumer_name(view: View, generation: int) -> str:
    """Under which a generation's progress is kept."""
    return f"{view.name}.g{generation}"


async def prepare(conn: Connection, view: View) -> Live:
    """Make the first generation where there is none; answers what is live, which may be of an older version."""
    async with conn.transaction():
        await conn.execute("select pg_advisory_xact_lock(hashtext('recourse.views'))")
        found = await _live(conn, view, "")
        if found is None:
            await create(conn, view, 1)
            await _point(conn, view, 1)
            await conn.execute("insert into views values (%s, %s, 1, 1)", [view.name, view.version])
            found = Live(view.version, 1)
    return found


async def live(conn: Connection, view: View) -> Live:
    """What is live, held until the transaction ends: a switch waits for the batch, a batch for the switch."""
    found = await _live(conn, view, "for update")
    assert found is not None, f"view {view.name} was never prepared"
    return found


async def next_generation(conn: Connection, view: View) -> int:
    """Empty tables beside the live ones."""
    async with conn.transaction():
        cursor = await conn.execute(
            "update views set newest = newest + 1 where name = %s returning newest", [view.name]
        )
        row = await cursor.fetchone()
        assert row is not None
        generation = int(row[0])
        await create(conn, view, generation)
    return generation


async def create(conn: Connection, view: View, generation: int) -> None:
    for table in view.tables:
        columns = SQL(", ").join(
            SQL("{} {}").format(Identifier(name), SQL(kind + (" primary key" if name == table.key else "")))
            for name, kind in table.columns.items()
        )
        await conn.execute(SQL("create table {} ({})").format(physical(table, generation), columns))
        for index in table.indexes:
            await conn.execute(SQL("create index on {} using {}").format(physical(table, generation), SQL(index)))
        if table.person and table.personal:
            await conn.execute(
                SQL("create index on {} ({})").format(physical(table, generation), Identifier(table.person))
            )


async def switch(conn: Connection, view: View, generation: int) -> None:
    """Let pages read this generation and drop the others, in the caller's transaction, which holds the view."""
    before = await _live(conn, view, "")
    assert before is not None
    await _point(conn, view, generation)
    await conn.execute(
        "update views set version = %s, generation = %s, switched_at = now() where name = %s",
        [view.version, generation, view.name],
    )
    await drop(conn, view, before.generation)


async def drop(conn: Connection, view: View, generation: int) -> None:
    """The tables and the progress of a generation that nobody reads."""
    names = await conn.execute(
        "select tablename from pg_tables where schemaname = current_schema() and tablename = any(%s)",
        [[f"{table.name}_g{generation}" for table in view.tables]],
    )
    for (name,) in await names.fetchall():
        await conn.execute(SQL("drop table {} cascade").format(Identifier(name)))
    await conn.execute("delete from progress where consumer = %s", [consumer_name(view, generation)])


async def stands(conn: Connection, consumer: str) -> dict[Place, Stand]:
    """Where a consumer stands on each partition."""
    found = await conn.execute(
        "select topic, partition, position, next_offset from progress where consumer = %s", [consumer]
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in await found.fetchall()}


async def _live(conn: Connection, view: View, lock: str) -> Live | None:
    found = await conn.execute(f"select version, generation from views where name = %s {lock}", [view.name])
    row = await found.fetchone()
    return None if row is None else Live(*row)


async def _point(conn: Connection, view: View, generation: int) -> None:
    for table in view.tables:
        await conn.execute(SQL("drop view if exists {}").format(Identifier(table.name)))
        await conn.execute(
            SQL("create view {} as select * from {}").format(Identifier(table.name), physical(table, generation))
        )
