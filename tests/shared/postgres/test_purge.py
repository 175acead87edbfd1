"""What was taken out of a table leaves PostgreSQL's files too, once nobody can see it any more."""

import asyncio
import secrets
import struct
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
import pytest_asyncio
from psycopg import pq
from psycopg.conninfo import make_conninfo

from deploy.embedded.databases import create_database
from deploy.embedded.postgres import EmbeddedPostgres, start_postgres
from shared.postgres.pools import lasting_pool
from shared.postgres.purge import LOG, NOTE, SCHEMA, Rewritten, keep_rewriting, rewrite, waiting
from shared.supervision import finish
from shared.times import Window
from tests.clock import MovableClock
from tests.privacy.files import below, holding
from tests.serving import until

Connection = psycopg.AsyncConnection[tuple[object, ...]]
WORD = secrets.token_hex(8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    running = start_postgres(folder)
    yield running
    running.stop()


@pytest_asyncio.fixture
async def conn(server: EmbeddedPostgres) -> AsyncIterator[Connection]:
    url = create_database(server.url(), f"rewriting_{secrets.token_hex(4)}")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as made:
        await made.execute(SCHEMA)
        await made.execute("create table told (id int primary key, words text)")
        await made.execute("create index on told using gin (to_tsvector('english', words))")
        await made.execute("create index on told (lower(words))")
        yield made


async def told_and_taken(conn: Connection) -> None:
    await conn.execute("insert into told select n, 'calm ' || n from generate_series(1, 500) n")
    await conn.execute("insert into told values (1000, %s)", [f"furious {WORD}"])
    await conn.execute("analyze told")
    async with conn.transaction():
        await conn.execute("update told set words = null where id = 1000")
        await conn.execute(NOTE, [["told"]])


def left(folder: Path) -> set[str]:
    found = holding(folder / "postgres" / "cluster", [WORD.encode()])
    return {part for part in ("base", "pg_wal") if below(found, part)}


async def test_a_service_rewrites_in_its_window_alone(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.postgres.purge.EVERY", 0.05)
    clock, window = MovableClock(), Window(time(1), time(5))
    clock.move(datetime.combine(clock.now(), time(0, 30), UTC) - clock.now())
    await told_and_taken(conn)
    async with lasting_pool(conn.info.dsn, max_size=2) as pool:
        worker = asyncio.create_task(keep_rewriting(pool, clock, window))
        await asyncio.sleep(0.5)
        assert await waiting(conn) == ("told",)
        clock.move(timedelta(hours=1))

        async def rewritten() -> bool:
            return await waiting(conn) == ()

        await until(rewritten)
        clock.move(timedelta(hours=5))
        await told_and_taken_again(conn)
        await asyncio.sleep(0.5)
        assert await waiting(conn) == ("told",)
        await finish(worker)


async def told_and_taken_again(conn: Connection) -> None:
    async with conn.transaction():
        await conn.execute("update told set words = null where id = 1")
        await conn.execute(NOTE, [["told"]])


async def test_a_plain_vacuum_leaves_the_bytes_and_a_rewrite_does_not(conn: Connection, folder: Path) -> None:
    await told_and_taken(conn)
    await conn.execute("vacuum told")
    await conn.execute("checkpoint")
    assert left(folder) == {"base", "pg_wal"}
    done = await rewrite(conn)
    assert (done.tables, done.waiting, done.log_cut) == (("told",), (), True)
    assert left(folder) == set()
    found = await (await conn.execute("select count(*), count(words) from told")).fetchone()
    assert found == (501, 500)


async def test_it_waits_for_who_still_sees_the_old_rows(conn: Connection, server: EmbeddedPostgres) -> None:
    async with await psycopg.AsyncConnection.connect(conn.info.dsn) as reader:
        await reader.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
        await reader.execute("select 1 from told")
        await told_and_taken(conn)
        assert (await rewrite(conn)).waiting == ("told",)
        await reader.rollback()
        assert (await rewrite(conn)).tables == ("told",)


async def test_it_waits_for_who_writes_in_another_database(conn: Connection, server: EmbeddedPostgres) -> None:
    """It does not see the rows, and VACUUM keeps them for it all the same."""
    async with await psycopg.AsyncConnection.connect(create_database(server.url(), "another")) as writer:
        await writer.execute("select pg_current_xact_id()")
        await told_and_taken(conn)
        assert (await rewrite(conn)).waiting == ("told",)
        await writer.rollback()
        assert (await rewrite(conn)).tables == ("told",)


async def standby(conn: Connection, slot: str = "") -> pq.abc.PGconn:
    """As one with `hot_standby_feedback`: it says that its oldest query may see what is there now."""
    begin = "select pg_snapshot_xmin(pg_current_snapshot())::text, pg_current_wal_flush_lsn()::text"
    oldest, place = await first(conn, begin)
    made = pq.PGconn.connect(make_conninfo(conn.info.dsn, replication="true").encode())
    made.exec_(f"START_REPLICATION {slot} PHYSICAL {place}".encode())
    made.put_copy_data(b"h" + struct.pack(">qIIII", 0, int(oldest), 0, 0, 0))
    made.flush()
    return made


async def first(conn: Connection, query: LiteralString) -> Any:
    return await (await conn.execute(query)).fetchone()


async def test_it_waits_for_a_standby_that_still_reads(conn: Connection) -> None:
    reading = "select 1 from pg_stat_activity where backend_type = 'walsender' and backend_xmin is not null"
    reader = await standby(conn)
    await until(lambda: first(conn, reading))
    await told_and_taken(conn)
    assert (await rewrite(conn)).waiting == ("told",)
    reader.finish()
    await until(lambda: first(conn, f"select 1 where not exists ({reading})"))
    assert (await rewrite(conn)).tables == ("told",)


async def test_and_for_one_that_is_away_and_has_a_slot(conn: Connection) -> None:
    await conn.execute("select pg_create_physical_replication_slot('away', true)")
    reader = await standby(conn, "SLOT away")
    await until(lambda: first(conn, "select 1 from pg_replication_slots where xmin is not null"))
    reader.finish()
    await until(lambda: first(conn, "select 1 from pg_replication_slots where not active"))
    await told_and_taken(conn)
    assert (await rewrite(conn)).waiting == ("told",)
    await conn.execute("select pg_drop_replication_slot('away')")
    assert (await rewrite(conn)).tables == ("told",)


async def test_it_waits_for_who_holds_the_table(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.postgres.purge.LOCK_TIMEOUT", "100ms")
    await told_and_taken(conn)
    async with await psycopg.AsyncConnection.connect(conn.info.dsn) as holder:
        await holder.execute("lock table told in share mode")
        assert (await rewrite(conn)).waiting == ("told",)
    assert (await rewrite(conn)).waiting == ()


async def test_a_log_that_could_not_be_cut_is_cut_in_the_next_round(
    conn: Connection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ended(conn: Connection) -> bool:
        raise psycopg.OperationalError("terminating connection due to administrator command")

    await told_and_taken(conn)
    with monkeypatch.context() as patch, pytest.raises(psycopg.OperationalError):
        patch.setattr("shared.postgres.purge._cut_log", ended)
        await rewrite(conn)
    assert await waiting(conn) == (LOG,)
    assert left(folder) == {"pg_wal"}
    assert await rewrite(conn) == Rewritten((), (), log_cut=True)
    assert left(folder) == set()


async def test_a_table_that_is_gone_needs_nothing(conn: Connection) -> None:
    await conn.execute(NOTE, [["dropped"]])
    assert (await rewrite(conn)).tables == ("dropped",)
    assert await waiting(conn) == ()


async def test_who_may_not_cut_the_log_is_told(conn: Connection) -> None:
    await told_and_taken(conn)
    await conn.execute(f"create role plain_{WORD}")
    await conn.execute(f"grant all on schema public to plain_{WORD}")
    for table in ("told", "to_rewrite"):
        await conn.execute(f"alter table {table} owner to plain_{WORD}")
    await conn.execute(f"set role plain_{WORD}")
    done = await rewrite(conn)
    assert (done.tables, done.waiting, done.log_cut) == (("told",), (), False)
