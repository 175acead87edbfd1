"""`recourse backup`: all six databases as they were at one instant, while everything runs."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from psycopg.sql import SQL, Identifier

from deploy.cli.bus.kafka_log import compacted, partition_counts
from deploy.cli.console import Data, Json, Refused, bars, console, fail, installation, new_file, write_json
from deploy.cli.operations import databases
from deploy.cli.recovery import archive
from deploy.cli.recovery.archive import Add, Manifest
from deploy.cli.recovery.chains import count_before, events_of, highest
from deploy.cli.recovery.tables import VIEWS_PROGRESS, kept
from deploy.installation import Installation
from deploy.services import SERVICES
from services.reporting.audit.log.stores import relayed_by
from shared.events import OWNERS
from shared.kafka.topics import ACCESS, PEOPLE_KEYS, Cluster

app = typer.Typer()
Connection = psycopg.Connection[Any]
PATIENCE = "5s"
"""For the locks: half of what a save waits before it gives up."""


@contextmanager
def cut(databases: Mapping[str, str]) -> Iterator[dict[str, Connection]]:
    """A connection to each database, all of which see the same instant.

    Every save, a policy's progress with it, takes the lock of its event table, so while all locks are held nothing is
    half saved; and what one service heard from another was committed there before it was sent. The locks are held by
    other connections than those that read, and are released as soon as these have their snapshots: in REPEATABLE READ
    the first query takes it.
    """
    with ExitStack() as readers:
        reading = {name: readers.enter_context(psycopg.connect(url)) for name, url in databases.items()}
        for conn in reading.values():
            conn.isolation_level, conn.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
        with ExitStack() as gates:
            holding = {name: gates.enter_context(psycopg.connect(url)) for name, url in databases.items()}
            for name, conn in holding.items():
                conn.execute(SQL("set lock_timeout = {}").format(PATIENCE))
                conn.execute(SQL("lock table {} in exclusive mode").format(events_of(name)))
            for conn in reading.values():
                conn.execute("select 1")
        yield reading


def write(at: Installation, path: Path, advance: Callable[[str, int], None] = lambda service, rows: None) -> Manifest:
    """Make the backup; raises `Refused`, also where the locks are not to be had."""
    urls, made_at = databases(at), datetime.now(UTC)
    counts, access = asyncio.run(_of_kafka(at.cluster))
    try:
        with cut(urls) as reading, archive.writing(path) as add:
            services = {name: _service(name, conn, add, advance) for name, conn in reading.items()}
            if lost := {*OWNERS, PEOPLE_KEYS} - counts.keys():
                counts = {**counts, **dict.fromkeys(sorted(lost), count_before(reading, set(counts.values())))}
            manifest = Manifest(
                recourse=version("recourse"), made_at=made_at, prefix=at.topic_prefix, topics=counts, access=access,
                services=services,
            )  # fmt: skip
            add(archive.MANIFEST, manifest.model_dump_json(indent=1).encode())
    except psycopg.errors.LockNotAvailable:
        raise Refused("A save took longer than 5 seconds, and the backup did not hold up the others for it.") from None
    return manifest


async def _of_kafka(cluster: Cluster) -> tuple[dict[str, int], dict[str, Any]]:
    """The partitions of each topic, and what is nowhere else: tokens and ended sessions."""
    return await partition_counts(cluster), await compacted(cluster, ACCESS)


def _service(name: str, conn: Connection, add: Add, advance: Callable[[str, int], None]) -> archive.Service:
    tables = {}
    for table in kept(SERVICES[name], conn):
        tables[table] = _table(name, table, conn, add)
        advance(name, sum(one.rows for one in tables.values()))
    sequences = conn.execute(
        "select sequencename, last_value from pg_sequences where schemaname = current_schema() and last_value > 0"
    )
    return archive.Service(
        tables=tables, sequences=dict(sequences.fetchall()), position=highest(name, conn),
        relayed=relayed_by(conn).position,
    )  # fmt: skip


def _table(service: str, table: str, conn: Connection, add: Add) -> archive.Table:
    name, digest = f"{service}/{table}", hashlib.sha256()
    columns = [one.name for one in conn.execute(SQL("table {} limit 0").format(Identifier(table))).description or ()]
    query = SQL("copy (select {} from {} {} order by {}) to stdout (format binary)").format(
        SQL(", ").join(map(Identifier, columns)), Identifier(table),
        SQL(f"where not {VIEWS_PROGRESS}" if table == "progress" else ""),
        SQL("notification_id" if table == f"{service}_events" else "1"),
    )  # fmt: skip
    with conn.cursor() as cursor:
        with cursor.copy(query) as copy:
            for number, content in enumerate(archive.parts(copy)):
                digest.update(content)
                add(archive.part(name, number), content)
        return archive.Table(columns=columns, rows=cursor.rowcount, sha256=digest.hexdigest())


@app.command()
def backup(
    to: Annotated[Path, typer.Argument(help="A file, or a folder that gets one named by the time.")],
    data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Write a backup of everything that cannot be rebuilt, while the installation runs.

    The master key and the signing secret are not in it, and `recourse restore` needs them: keep a copy elsewhere.
    """
    at, began = installation(data), time.monotonic()
    path = to / f"recourse-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar.gz" if to.is_dir() else to
    new_file(path)
    try:
        with bars() as say:
            manifest = write(at, path, lambda service, rows: say(f"Rows of {service}", rows, None))
    except psycopg.errors.UndefinedTable:
        raise fail("A service has never run here, so there is nothing of it to back up. Start all six once.") from None
    size, seconds = path.stat().st_size, time.monotonic() - began
    if as_json:
        positions = {name: one.position for name, one in manifest.services.items()}
        done = {"file": str(path), "bytes": size, "seconds": round(seconds, 3), "events": manifest.events}
        write_json(done | {"positions": positions})
    else:
        console.print(f"{manifest.events:,} events in {path} ({size:,} bytes, {seconds:.1f} s).", highlight=False)
        console.print("It does not hold the master key: keep the folder `secrets` (or what you use instead) elsewhere.")
