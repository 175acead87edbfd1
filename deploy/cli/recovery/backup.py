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
from deploy.cli.console import Data, Json, bars, console, fail, installation, new_file, write_json
from deploy.cli.operations import database
from deploy.cli.recovery import archive
from deploy.cli.recovery.archive import Manifest, Writer
from deploy.cli.recovery.chains import Refused, count_before, events_of, highest, number
from deploy.cli.recovery.tables import VIEWS_PROGRESS, Unclassified, kept
from deploy.installation import Installation
from deploy.services import SERVICES
from shared.events import OWNERS
from shared.kafka.topics import ACCESS, PEOPLE_KEYS, Cluster

app = typer.Typer()
Connection = psycopg.Connection[Any]
PATIENCE = "5s"
"""For the locks: half of what a save waits before it gives up."""


class Busy(Exception):
    """A save held one of the locks for too long."""


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


def write(at: Installation, path: Path, advance: Callable[[str, int], None] = lambda table, rows: None) -> Manifest:
    """Make the backup; raises `Unclassified`, `Busy` where the locks are not to be had, and `Refused`."""
    databases = {name: database(at, name) for name in SERVICES}
    topics, access = asyncio.run(_of_kafka(at.cluster))
    made_at = datetime.now(UTC)
    try:
        with cut(databases) as reading, archive.writing(path) as file:
            services = {name: _service(name, conn, file, advance) for name, conn in reading.items()}
            manifest = Manifest(
                recourse=version("recourse"), made_at=made_at, prefix=at.topic_prefix, topics=_all(topics, reading),
                access=access, services=services,
            )  # fmt: skip
            file.add(archive.MANIFEST, manifest.model_dump_json(indent=1).encode())
    except psycopg.errors.LockNotAvailable:
        raise Busy("A save took longer than 5 seconds, and the backup did not hold up the others for it.") from None
    return manifest


async def _of_kafka(cluster: Cluster) -> tuple[dict[str, int], dict[str, Any]]:
    """Events that are nowhere else."""
    return await partition_counts(cluster), await compacted(cluster, ACCESS)


def _all(topics: dict[str, int], conns: Mapping[str, Connection]) -> dict[str, int]:
    """Topics that Kafka has lost too, with as many partitions as their events were sent to."""
    lost = {*OWNERS, PEOPLE_KEYS} - topics.keys()
    return topics | dict.fromkeys(sorted(lost), count_before(conns, set(topics.values())) if lost else 0)


def _service(name: str, conn: Connection, file: Writer, advance: Callable[[str, int], None]) -> archive.Service:
    tables = {table: _table(name, table, conn, file, advance) for table in kept(SERVICES[name], conn)}
    sequences = conn.execute(
        "select sequencename, last_value from pg_sequences where schemaname = current_schema() and last_value > 0"
    )
    return archive.Service(
        tables=tables, sequences=dict(sequences.fetchall()), position=highest(name, conn),
        relayed=number(conn, SQL("select position from relay_position")),
    )  # fmt: skip


def _table(
    service: str, table: str, conn: Connection, file: Writer, advance: Callable[[str, int], None]
) -> archive.Table:
    name, digest, rows = f"{service}/{table}", hashlib.sha256(), 0
    found = conn.execute(
        "select column_name from information_schema.columns"
        " where table_schema = current_schema() and table_name = %s order by ordinal_position",
        [table],
    )
    columns = [row[0] for row in found.fetchall()]
    query = SQL("copy (select {} from {} {} order by {}) to stdout (format binary)").format(
        SQL(", ").join(map(Identifier, columns)), Identifier(table),
        SQL(f"where not {VIEWS_PROGRESS}" if table == "progress" else ""),
        SQL("notification_id" if table == f"{service}_events" else "1"),
    )  # fmt: skip
    waiting, parts = bytearray(), 0
    with conn.cursor() as cursor:
        with cursor.copy(query) as copy:
            for chunk in copy:
                waiting += chunk
                if len(waiting) >= archive.PART:
                    digest.update(waiting)
                    file.add(archive.part(name, parts), bytes(waiting))
                    advance(name, 0)
                    waiting.clear()
                    parts += 1
        rows = cursor.rowcount
    digest.update(waiting)
    file.add(archive.part(name, parts), bytes(waiting))
    advance(name, rows)
    return archive.Table(columns=columns, rows=rows, sha256=digest.hexdigest())


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
        with bars() as progress:
            task = progress.add_task("Rows", total=None)
            manifest = write(at, path, lambda table, rows: progress.update(task, description=table, advance=rows))
    except (Unclassified, Busy, Refused, OSError) as error:
        raise fail(str(error)) from None
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
