"""Another master key for all: every person's key is wrapped anew, in each service's table and on `people-keys`.

Each step may be repeated, so that a rotation which was interrupted is finished by beginning it again. The earlier
master is taken away last, when nothing is wrapped by it any more.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from deploy.cli.console import Refused, console
from deploy.cli.keys.key_topic import TopicKeys
from deploy.files import replacing
from shared.events.unsealing import BARE, parse
from shared.kafka.topics import Cluster
from shared.keys.keyring import Keyring
from shared.keys.master_keys import Masters, WrongMasterKey
from shared.postgres.purge import NOTE, rewrite

BATCH = 5_000
PATIENCE = 120.0
"""Seconds to wait for intake to send what it was given to send."""
LOCK_TIMEOUT = "30s"
FENCE = "wrapped_by_one_master"
BY = f"""case when wrapped is null then 'destroyed' when length(wrapped) = {BARE} then 'without an id'
 else encode(substr(wrapped, 1, 4), 'hex') end"""
Connection = psycopg.AsyncConnection[Any]


def held(url: str) -> Counter[str]:
    """Count the service's keys by the id of their master key, and those that were destroyed."""
    with psycopg.connect(url, autocommit=True) as conn:
        if conn.execute("select to_regclass('keys')").fetchone() == (None,):
            return Counter()
        return Counter(dict(conn.execute(f"select {BY}, count(*) from keys group by 1").fetchall()))


def check(url: str, masters: Masters) -> None:
    """One key of each master that is in the table opens; raises `WrongMasterKey`."""
    with psycopg.connect(url, autocommit=True) as conn:
        if conn.execute("select to_regclass('keys')").fetchone() == (None,):
            return
        found = conn.execute(
            f"select distinct on ({BY}) person_id, wrapped from keys where wrapped is not null order by {BY}"
        )
        for person, wrapped in found.fetchall():
            masters.unwrap(person, bytes(wrapped))


def put_in_front(file: Path, new: bytes) -> bool:
    """On the disk before anything is wrapped by it; two in the file already are a rotation that was interrupted."""
    keys = parse(file.read_text())
    return len(keys) > 1 or _write(file, [new, *keys])


def leave_first(file: Path) -> bool:
    """From now on the earlier master is refused."""
    return _write(file, parse(file.read_text())[:1])


def _write(file: Path, keys: Sequence[bytes]) -> bool:
    """False where the file may not be changed."""
    try:
        with replacing(file, file.stat().st_mode & 0o777) as out:
            out.write("\n".join(key.hex() for key in keys).encode())
    except OSError:
        return False
    return True


async def rewrap(databases: Mapping[str, str], cluster: Cluster, masters: Masters) -> None:
    """All keys of all services under the first master; when this returns nothing needs the others.

    Raises `Refused` where a step could not be done; what was done is kept, and the next run goes on from there.
    """
    keyring = Keyring(masters)
    for service, url in databases.items():
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
            count = await _rewrap_table(conn, keyring)
            console.print(f"{service}: {count:,} keys wrapped anew", highlight=False)
    await _send(databases["intake"], cluster, masters.id)


async def unfence(databases: Mapping[str, str]) -> None:
    """Keys under any master may be stored: before the services are given another, and when all is done."""
    for url in databases.values():
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
            await conn.execute(f"alter table keys drop constraint if exists {FENCE}")


async def wipe(databases: Mapping[str, str]) -> None:
    """Purge keys that the earlier master key wrapped from PostgreSQL's files."""
    for url in databases.values():
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
            await conn.execute(NOTE, [["keys"]])
            await rewrite(conn)


async def _rewrap_table(conn: Connection, keyring: Keyring) -> int:
    done = 0
    while True:
        while count := await _rewrap_some(conn, keyring):
            done += count
        try:
            # Also closes the table to a save that wrapped its key before the services were given the new master.
            await conn.execute(
                f"alter table keys drop constraint if exists {FENCE}, add constraint {FENCE} check (wrapped is null or"
                f" length(wrapped) > {BARE} and substr(wrapped, 1, 4) = '\\x{keyring.masters.id}')"
            )
        except psycopg.errors.CheckViolation:
            continue
        return done


async def _rewrap_some(conn: Connection, keyring: Keyring) -> int:
    async with conn.transaction():
        found = await conn.execute(
            f"select person_id, wrapped from keys where wrapped is not null and {BY} <> %s"
            f" order by person_id limit {BATCH} for update",
            [keyring.masters.id],
        )
        rows = await found.fetchall()
        try:
            renewed = [keyring.renewed(person, bytes(wrapped)) for person, wrapped in rows]
        except WrongMasterKey as error:
            raise Refused(f"Nothing was lost. {error}") from None
        await conn.execute(
            "update keys k set wrapped = n.wrapped from unnest(%b::uuid[], %b::bytea[]) n (person_id, wrapped)"
            " where k.person_id = n.person_id and k.wrapped is not null",
            [[row[0] for row in rows], renewed],
        )
    return len(rows)


async def _send(intake: str, cluster: Cluster, master: str) -> None:
    """By intake's relay, which sends the tombstones too, and in order: a key that is destroyed meanwhile stays so."""
    async with (
        TopicKeys(cluster) as topic,
        await psycopg.AsyncConnection.connect(intake, autocommit=True) as conn,
    ):
        old = await topic.read(master)
        total, moved = len(old), time.monotonic()
        while old:
            try:
                await _hand_over(conn, sorted(old)[:BATCH])
            except psycopg.errors.LockNotAvailable:
                raise Refused("Intake's events are locked by somebody. Run this again: it goes on from here.") from None
            before = len(old)
            await asyncio.sleep(1)
            old = await topic.read(master)
            if len(old) != before:
                moved = time.monotonic()
            elif time.monotonic() - moved > PATIENCE:
                raise Refused(
                    f"{len(old):,} keys still wait to be sent, and intake sends none. Is it running, with the new"
                    " master key? Run this again then: it goes on from here."
                )
    console.print(f"people-keys: {total:,} keys sent anew", highlight=False)


async def _hand_over(conn: Connection, people: Sequence[UUID]) -> None:
    """To the relay, unless it has them already.

    Under the lock of the events, as all that write `key_changes`: a save that took a lower number and committed later
    would be passed by, and the keys of its people never sent.
    """
    async with conn.transaction():
        await conn.execute(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
        await conn.execute("lock table intake_events in exclusive mode")
        await conn.execute(
            "insert into key_changes (person_id) select person_id from keys where person_id = any(%b)"
            " and person_id not in (select person_id from key_changes)",
            [list(people)],
        )
