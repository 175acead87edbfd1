"""How long do 10,000 complaints take from the first row sent until every view and policy of every service has all?"""

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg

from deploy.cli.operations import database
from shared.events import OWNERS
from tests.load.filling import bring_in, rows_file
from tests.load.measuring import Figure, cpu_of, wal_bytes
from tests.processes import Site
from tests.settling import Watch

FULL, SMALL = 10_000, 200


def measure(site: Site, small: bool) -> list[Figure]:
    """Time, events, CPU and bytes of one import, beside a bare binary `INSERT` of as many events of the same size."""
    complaints = SMALL if small else FULL
    with tempfile.TemporaryDirectory() as folder, Watch(site.at) as watch:
        path = rows_file(Path(folder), complaints)
        watch.settle()
        stored, kept, logged, written = watch.events(), watch.bytes(), kafka_bytes(site), wal_bytes(site.at.postgres)
        shown = watch.count("cases", "caseload")
        with cpu_of(site) as used:
            began = time.monotonic()
            bring_in(site, path)
            accepted = time.monotonic() - began
            done = watch.settle() - began
        assert watch.count("cases", "caseload") - shown == complaints
        sent, logged_ahead = kafka_bytes(site) - logged, wal_bytes(site.at.postgres) - written
        events = {name: n - stored[name] for name, n in watch.events().items()}
        per = 1 / complaints
        size = sum(event_bytes(site, name) for name in events) // sum(watch.events().values())
        bare = insert_bare(site, sum(events.values()), size)
        total = sum(events.values())
        beside = f"bare INSERT of {total:,} events"
        found = [
            Figure("all complaints accepted", accepted, "s", bare, beside),
            Figure("all in every view", done, "s", bare, beside),
            Figure("complaints taken in and shown", complaints / done, "/s"),
            Figure("events stored, sent and read", total / done, "/s", total / bare, beside),
        ]
        found += _after(watch.last_behind, began)
        found += [Figure(f"CPU of {name} per 1,000 complaints", s * 1000 * per, "s") for name, s in _dearest(used)]
        found += [Figure(f"events per complaint by {name}", n * per, "") for name, n in events.items() if n]
        found += [Figure("bytes of an event", size, "B")]
        found += [Figure("log of Kafka per complaint", sent * per / 1024, "KB")]
        found += [Figure("written ahead by PostgreSQL per complaint", logged_ahead * per / 1024, "KB")]
        found += [
            Figure(f"database of {name} per complaint", (n - kept[name]) * per / 1024, "KB")
            for name, n in watch.bytes().items() if n - kept[name] > complaints
        ]  # fmt: skip
    return found


def _after(last_behind: Mapping[str, float], began: float) -> list[Figure]:
    reached = {name: at - began for name, at in last_behind.items() if at > began}
    return [Figure(f"{name} has all after", at, "s") for name, at in sorted(reached.items(), key=lambda one: one[1])]


def _dearest(used: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(used.items(), key=lambda one: -one[1])


def event_bytes(site: Site, service: str) -> int:
    """Bytes of all event values that the service has stored."""
    with psycopg.connect(database(site.at, service)) as conn:
        row = conn.execute(f"select coalesce(sum(octet_length(state)), 0) from {service}_events").fetchone()
    assert row is not None
    return int(row[0])


def kafka_bytes(site: Site) -> int:
    """Bytes of the event topics' log segments."""
    topics = site.folder / "kafka" / "topics"
    return sum(path.stat().st_size for name in OWNERS for path in topics.glob(f"{name}-*/*.log"))


def insert_bare(site: Site, events: int, size: int) -> float:
    """Seconds for as many rows of as many bytes, 500 to a commit, with nothing but a primary key."""
    with psycopg.connect(database(site.at, "bare"), autocommit=True) as conn:
        conn.execute("drop table if exists bare; create table bare (n bigint primary key, state bytea)")
        began = time.monotonic()
        for first in range(0, events, 500):
            numbers = list(range(first, min(first + 500, events)))
            values = [numbers, [b"x" * size] * len(numbers)]
            conn.execute("insert into bare select * from unnest(%b::bigint[], %b::bytea[])", values)
        return time.monotonic() - began
