"""Removal of what an erasure leaves in PostgreSQL's own files.

An updated or deleted row stays in its page, in indexes, in statistics and in the write-ahead log; a plain VACUUM frees
the place and leaves the bytes, and a GIN index keeps a word for ever. VACUUM FULL writes the table and its indexes anew
and unlinks the old files. Who takes words or a key away notes the table in the same transaction.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from shared.postgres.pools import Connection
from shared.telemetry import log
from shared.times import Clock, Window

SCHEMA = """
create table if not exists to_rewrite (name text primary key, left_by xid8 not null, since timestamptz not null);
"""
NOTE = """
insert into to_rewrite select unnest(%s::text[]), pg_current_xact_id(), now()
on conflict (name) do update set left_by = excluded.left_by, since = excluded.since
"""
TAKE_BACK = """
with done as (delete from to_rewrite where name = %s and left_by = %s::xid8 returning left_by, since)
insert into to_rewrite select %s, left_by, since from done on conflict do nothing
"""
STILL_SEEN = """
select pg_snapshot_xmin(pg_current_snapshot()) <= %s::xid8 or exists (
  select from pg_stat_activity where (datname = current_database() or datname is null)
  and pid <> pg_backend_pid() and age(backend_xmin) >= age(%s::xid8::xid)
  union all select from pg_replication_slots where age(xmin) >= age(%s::xid8::xid)
)
"""
"""True while a transaction that began before the erasure committed reads the rows as they were.

One of another database does not, and yet VACUUM keeps them for as long as it runs; and for standbys that say so, which
belong to no database, or to a slot while they are away.
"""
LOG = "the log"
"""Marker that the write-ahead log still holds old rows after VACUUM FULL; it survives a crash between the two."""
EVERY = 60.0
"""Seconds between two rounds of a service in its window: a table is locked while it is rewritten (28 MB took 1.4 s)."""
LOCK_TIMEOUT = "5s"


@dataclass(frozen=True)
class Rewritten:
    """Result of a purge: tables rewritten, tables still waiting, and whether the old write-ahead log is gone."""

    tables: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    log_cut: bool = True


async def rewrite(conn: Connection) -> Rewritten:
    """Everything that is noted in this database; on a connection in autocommit. What is locked or in use waits."""
    if not await _one(conn, "select pg_try_advisory_lock(hashtext('recourse.rewrite'))"):
        return Rewritten(waiting=await waiting(conn))
    try:
        done = [name for name in await waiting(conn) if name != LOG and await _rewrite(conn, name)]
        cut = LOG not in await waiting(conn)
        if not cut:
            cut = await _cut_log(conn)
            await conn.execute("delete from to_rewrite where name = %s", [LOG])  # who may not, may not the next time
    finally:
        await conn.execute("select pg_advisory_unlock(hashtext('recourse.rewrite'))")
    return Rewritten(tuple(done), await waiting(conn), cut)


async def waiting(conn: Connection) -> tuple[str, ...]:
    """The tables whose files still hold what was taken out of them, and the log."""
    found = await conn.execute("select name from to_rewrite order by since, name")
    return tuple(row[0] for row in await found.fetchall())


async def keep_rewriting(pool: Any, clock: Clock, window: Window) -> None:
    """A service's worker: while the window is open, whatever was noted since."""
    while True:
        if clock.now() in window:
            async with pool.connection() as conn:
                done = await rewrite(conn)
            if done != Rewritten():
                log.info("tables rewritten after an erasure", **vars(done))
        await asyncio.sleep(EVERY)


async def _rewrite(conn: Connection, name: str) -> bool:
    """False where somebody still may see the old rows, as VACUUM would then keep them, or holds the table."""
    mark = await _one(conn, "select left_by::text from to_rewrite where name = %s", name)
    if mark is None or await _one(conn, STILL_SEEN, mark, mark, mark):
        return False
    if await _one(conn, "select to_regclass(quote_ident(%s))", name):
        try:
            await conn.execute(f"set lock_timeout = '{LOCK_TIMEOUT}'")
            await conn.execute(SQL("vacuum (full, analyze) {}").format(Identifier(name)))
        except psycopg.errors.LockNotAvailable:
            return False
        finally:
            await conn.execute("reset lock_timeout")
    await conn.execute(TAKE_BACK, [name, mark, LOG])
    return True


async def _cut_log(conn: Connection) -> bool:
    """Statistics hold values of columns, and the log every row that was written: begin both anew."""
    try:
        await conn.execute("vacuum full pg_catalog.pg_statistic")
        await conn.execute("select pg_switch_wal()")
        await conn.execute("checkpoint")
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


async def _one(conn: Connection, query: str, *values: str) -> Any:
    """The first column of the first row; None where there is no row."""
    row = await (await conn.execute(query, values)).fetchone()
    return row and row[0]
