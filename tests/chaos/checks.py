"""What must hold when the load has stopped: nothing lost or doubled, all in order, views as the log says."""

import asyncio
import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg

from deploy.cli import operations
from deploy.cli.operations import chosen, database, rebuild_view
from services.reporting.audit.verify import verify
from shared.events import OWNERS
from shared.kafka.clients import ends, read_to, reader
from shared.kafka.dead_letters import dead_letters
from shared.kafka.records import FIRST_CHAIN, chain, read
from tests.chaos.load import Load
from tests.chaos.strangers import Strangers
from tests.processes import Site

SAID = "subject = 'complaint'"
VIEWS = {
    "intake.ledger": ("intake", "select complaint_id from receipts where outcome = 'accepted'"),
    "intake.complaints": ("intake", "select complaint_id from complaints where reference is not null"),
    "cases.caseload": ("cases", "select case_id from caseload where reference is not null"),
    "cases.timeline": ("cases", "select case_id from timeline where kind = 'complaint.received'"),
    "reporting.trail": ("reporting", "select originator_id from trail where name = 'complaint.received.v2'"),
    "reporting.trail of cases": ("reporting", "select originator_id from trail where name = 'case.opened.v2'"),
    "reporting.counts": ("reporting", "select case_id from changes where kind = 'opened'"),
    "cases' own events": ("cases", "select originator_id from cases_events where topic = 'case.opened.v2'"),
    "intake's own events": ("intake", "select originator_id from intake_events where topic = 'complaint.received.v2'"),
}
"""Each answers every accepted complaint once."""
MEASURED = {
    "sentiment.measurements": ("sentiment", f"select subject_id from measured where {SAID}"),
    "reporting.trail of sentiments": (
        "reporting", "select (payload->>'subject_id')::uuid from trail where name = 'sentiment.measured.v1'",
    ),
}  # fmt: skip
"""Each answers once every accepted complaint that has words."""


@dataclass
class Verdict:
    """What did not hold, by check; empty lists are what a good run gives."""

    accepted: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    unverified: list[str] = field(default_factory=list)
    not_set_aside: list[str] = field(default_factory=list)
    records: int = 0
    views: int = 0
    strangers: int = 0
    """Records that the audit named as added, all of them sent by the test."""

    @property
    def holds(self) -> bool:
        return not any((self.lost, self.doubled, self.disordered, self.different, self.unverified, self.not_set_aside))


def judge(site: Site, load: Load, strangers: Strangers) -> Verdict:
    """All checks, on views that have read everything."""
    made = Verdict()
    _count(site, load, made)
    asyncio.run(_in_order(site, strangers, made))
    asyncio.run(_rebuild(site, made))
    asyncio.run(_audit(site, strangers, made))
    asyncio.run(_set_aside(site, strangers, made))
    return made


def settled(site: Site) -> Callable[[], bool]:
    """Whether every relay has sent all that is stored, and every consumer has read to the end."""

    def relayed(service: str) -> bool:
        with psycopg.connect(database(site.at, service)) as conn:
            row = conn.execute(
                f"select (select position from relay_position) >= coalesce(max(notification_id), 0)"
                f" from {service}_events"
            ).fetchone()
        return bool(row and row[0])

    return lambda: (
        all(relayed(service) for service in site.ports)
        and all(one.behind == 0 for one in asyncio.run(operations.lags(site.at)))
    )


def _count(site: Site, load: Load, made: Verdict) -> None:
    """The clients' own list of answers against every view and both event tables."""
    arrivals = _of(site, "intake", "select arrival_id, complaint_id from receipts where outcome <> 'refused'")
    by_arrival = {row[0]: row[1] for row in arrivals}
    unrecorded = [str(arrival) for arrival in load.rows if arrival not in by_arrival]
    made.lost += [f"intake.ledger: the row that arrived as {arrival}" for arrival in unrecorded]
    expected = set(load.accepted.values()) | {by_arrival[a] for a in load.rows if a in by_arrival}
    speaking = set(load.accepted.values()) | {
        by_arrival[a] for a, said in load.rows.items() if said and a in by_arrival
    }
    made.accepted = len(expected)
    made.doubled += [f"two complaints for the key {key}" for key in load.twice]
    for wanted, questions in ((expected, VIEWS), (speaking, MEASURED)):
        for name, (service, query) in questions.items():
            found = Counter(row[0] for row in _of(site, service, query))
            made.lost += [f"{name}: {id_}" for id_ in wanted - found.keys()]
            made.doubled += [f"{name}: {id_} {times} times" for id_, times in found.items() if times > 1]
            made.doubled += [f"{name}: {id_}, which no client knows" for id_ in found.keys() - wanted]
    letters = Counter(
        row[0] for row in _of(site, "intake", "select complaint_id from outgoing where purpose = 'acknowledgement'")
    )
    made.doubled += [f"{times} acknowledgements of {id_}" for id_, times in letters.items() if times > 1]


async def _in_order(site: Site, strangers: Strangers, made: Verdict) -> None:
    """Positions rise and link, no position has two contents, and every aggregate's versions rise by one."""
    foreign = strangers.garbage | strangers.altered
    ends: dict[tuple[str, int], tuple[int, bytes]] = defaultdict(lambda: (0, FIRST_CHAIN))
    contents: dict[tuple[str, int, int], bytes] = {}
    versions: dict[tuple[str, bytes], int] = defaultdict(int)
    async for raw in _all_records(site):
        made.records += 1
        place = (raw.topic, raw.partition)
        if (*place, raw.offset) in foreign:
            continue
        record = read(raw)
        position, link = ends[place]
        digest = hashlib.sha256(record.name.encode() + record.chain + record.value).digest()
        if contents.setdefault((*place, record.position), digest) != digest:
            made.disordered.append(f"{place}: position {record.position} has two contents")
        if record.position <= position:
            continue
        if record.previous != position or record.chain != chain(link, record.position, record.name, record.value):
            made.disordered.append(f"{place}: {record.position} does not follow {position}")
        ends[place] = (record.position, record.chain)
        version = int(record.id.rpartition("/")[2])
        before = versions[raw.topic, record.key]
        if version != before + 1:
            made.disordered.append(f"{place}: version {version} of {record.id} after {before}")
        versions[raw.topic, record.key] = version


async def _all_records(site: Site) -> Any:
    async with reader(site.at.cluster, max_partition_fetch_bytes=8_388_608) as kafka:
        limits = await ends(kafka, *OWNERS)
        kafka.assign(list(limits))
        async for batch in read_to(kafka, limits, 5000):
            for record in batch:
                yield record


async def _rebuild(site: Site, made: Verdict) -> None:
    """Every view once more from the beginning of the log, beside the live one, and compared row by row."""
    for service, view in chosen(None):
        found = await rebuild_view(site.at, service, view, verify=True, progress=lambda done, total: None)
        made.views += 1
        made.different += [f"{service.name}.{view.name}: {difference}" for difference in found.differences]


async def _audit(site: Site, strangers: Strangers, made: Verdict) -> None:
    """What the test added must be named, each of it, and nothing else."""
    databases = {service: database(site.at, service) for service in sorted(set(OWNERS.values()))}
    found = await verify(site.at.cluster, databases)
    foreign, named = strangers.garbage | strangers.altered, set()
    for finding in found.findings:
        place = (finding.topic, finding.partition, finding.offset)
        if finding.kind == "added" and finding.where == "topic" and place in foreign:
            named.add(place)
        else:
            made.unverified.append(str(finding))
    made.unverified += [f"what the test added at {place} was not named" for place in foreign - named]
    made.strangers = len(named)


async def _set_aside(site: Site, strangers: Strangers, made: Verdict) -> None:
    """Each record of garbage is with the dead letters of each view that reads its topic."""
    buried = {(letter.group, letter.source) for letter in await dead_letters(site.at.cluster)}
    for name, topics in _readers():
        made.not_set_aside += [
            f"{name}: {topic}/{partition}/{offset}"
            for topic, partition, offset in strangers.garbage
            if topic in topics and (name, f"{topic}/{partition}/{offset}") not in buried
        ]


def _readers() -> Iterator[tuple[str, tuple[str, ...]]]:
    for service, view in chosen(None):
        yield f"{service.name}.{view.name}", view.topics


def _of(site: Site, service: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database(site.at, service)) as conn:
        return conn.execute(query).fetchall()


def shown(site: Site, complaint_id: UUID) -> bool:
    """Whether this complaint has come to the last view of each road."""
    return all(
        bool(_of(site, service, f"select 1 from ({query}) as found (id) where id = '{complaint_id}'"))
        for service, query in (
            VIEWS["cases.caseload"], VIEWS["reporting.trail of cases"], MEASURED["sentiment.measurements"],
        )
    )  # fmt: skip
