"""How fast is each view built again from the log, beside reading the log and beside writing its rows?"""

import asyncio
import tempfile
import time
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from deploy.cli.operations import chosen, database, rebuild_view
from deploy.installation import Installation
from shared.kafka.clients import WHOLE_LOG, ends, reader
from shared.kafka.topics import Cluster
from shared.projections.view import View
from tests.load.filling import bring_in, rows_file
from tests.load.measuring import Figure
from tests.load.variety import add_variety
from tests.processes import Site
from tests.settling import Watch

FULL, SMALL = 10_000, 100


def measure(site: Site, small: bool) -> list[Figure]:
    """Each view while its service runs idle, by one process, as `recourse rebuild` does."""
    complaints = SMALL if small else FULL
    with tempfile.TemporaryDirectory() as folder, Watch(site.at) as watch:
        bring_in(site, rows_file(Path(folder), complaints))
        add_variety(site, complaints // 2)
        watch.settle()
    figures: list[Figure] = []
    for service, view in chosen(None):
        name = f"{service.name}.{view.name}"
        there, read = read_bare(site.at.cluster, view.topics)
        if not there:  # nothing of the kind happens here
            continue
        records, seconds, used = rebuild(site.at, name)
        assert records == there, f"{name} has read {records} of {there}"
        rows, copied = copy_bare(database(site.at, service.name), view)
        rate = records / seconds
        figures.append(Figure(f"{name} against reading", rate, "/s", records / read, f"reading {records:,} events"))
        if rows:
            beside = f"binary COPY of {rows:,} rows"
            figures.append(Figure(f"{name} against writing", rate, "/s", records / copied, beside))
        figures.append(Figure(f"{name}: CPU per 1,000 events", used * 1000 / records, "s"))
    return figures


def rebuild(at: Installation, name: str) -> tuple[int, float, float]:
    """Records, seconds and CPU seconds of this process, from connecting to the switch."""
    ((service, view),) = chosen(name)
    began, used = time.perf_counter(), time.process_time()
    done = asyncio.run(rebuild_view(at, service, view, verify=False, progress=lambda done, total: None))
    return done.records, time.perf_counter() - began, time.process_time() - used


def read_bare(cluster: Cluster, topics: tuple[str, ...]) -> tuple[int, float]:
    """How many records the topics have, and the seconds in which a bare consumer has them all."""
    return asyncio.run(_read(cluster, [cluster.name(topic) for topic in topics]))


async def _read(cluster: Cluster, topics: list[str]) -> tuple[int, float]:
    began = time.perf_counter()
    async with reader(cluster, **WHOLE_LOG) as kafka:
        limits = await ends(kafka, *topics)
        kafka.assign(list(limits))
        left = there = sum(limits.values())
        while left:
            found = await kafka.getmany(timeout_ms=1000, max_records=5000)
            left -= sum(map(len, found.values()))
    return there, time.perf_counter() - began


def copy_bare(url: str, view: View) -> tuple[int, float]:
    """Rows and seconds of a binary COPY of the view's rows into tables without an index."""
    rows, seconds = 0, 0.0
    with psycopg.connect(url, autocommit=True) as conn:
        for table in view.tables:
            names = {"rows": Identifier(table.name), "copy": Identifier(f"copy_of_{table.name}")}
            with conn.cursor().copy(
                SQL("copy (select * from {rows}) to stdout (format binary)").format(**names)
            ) as out:
                content = b"".join(out)
            conn.execute(SQL("create table {copy} as select * from {rows} limit 0").format(**names))
            began = time.perf_counter()
            cursor = conn.cursor()
            with cursor.copy(SQL("copy {copy} from stdin (format binary)").format(**names)) as into:
                into.write(content)
            seconds += time.perf_counter() - began
            rows += cursor.rowcount
            conn.execute(SQL("drop table {copy}").format(**names))
    return rows, seconds
