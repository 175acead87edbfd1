"""On real servers: whatever is altered in a topic or in an event table is named; what is in order gives no alarm."""

import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from services.reporting.audit.findings import Verified
from services.reporting.audit.verify import verify, verify_topic
from shared.kafka.records import chain, headers
from shared.kafka.topics import Cluster, create_topics, partition_of
from tests.scenarios.reporting import classified, closed, opened
from tests.serving import publish, serve_neighbour, settings


@dataclass
class Cases:
    """A service that has sent what it wrote, and stands still."""

    cluster: Cluster
    url: str

    async def verify(self) -> Verified:
        return await verify(self.cluster, {"cases": self.url})

    async def execute(self, statement: str, *values: Any) -> None:
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as conn:
            await conn.execute(statement, values)


@pytest.fixture
async def cases(kafka: str, postgres: Callable[[str], str]) -> AsyncIterator[Cases]:
    """Ten cases of four events; position 21 was given to a transaction that was rolled back."""
    url = postgres("cases")
    given = await settings(kafka, url)
    async with serve_neighbour("cases", given.cluster, url) as served:
        for number in range(1, 11):
            if number == 6:
                async with served.runtime.pool.connection() as conn:
                    await conn.execute("select nextval(pg_get_serial_sequence('cases_events', 'notification_id'))")
            events = [*opened(number), classified(number, 3, 1, "Loan"), closed(number, 4, 2)]
            await publish(served, events)
    yield Cases(given.cluster, url)


async def test_what_was_written_and_sent_verifies(cases: Cases) -> None:
    assert await cases.verify() == Verified(records=40, events=40)


async def test_each_row_that_was_altered_is_named(cases: Cases) -> None:
    """One byte and one key changed, one row taken out, one slipped in behind the relay, one that waits to be sent."""
    await cases.execute(
        "update cases_events set state = set_byte(state, 5, get_byte(state, 5) # 1) where notification_id = 3"
    )
    await cases.execute("update cases_events set originator_id = %s where notification_id = 8", uuid.uuid4())
    await cases.execute("delete from cases_events where notification_id = 15")
    stranger = uuid.uuid4()
    for position in (21, 99):
        await cases.execute(
            "insert into cases_events (notification_id, originator_id, originator_version, topic, state)"
            " values (%s, %s, 1, 'case.closed.v1', %s)",
            position,
            stranger,
            b'{"recorded_at":"2026-03-14T09:00:00Z"}',
        )
        stranger = uuid.uuid4()
    verified = await cases.verify()
    named = [(f.kind, f.where, f.topic, f.position, f.type) for f in verified.findings]
    assert named == [
        ("changed", "store", "cases", 3, "case.aspect-classified.v1"),
        ("changed", "store", "cases", 8, "case.closed.v1"),
        ("missing", "store", "cases", 15, "case.aspect-classified.v1"),
        ("added", "store", "cases", 21, "case.closed.v1"),
    ]
    assert verified.findings[0].event == f"cases/{uuid.UUID(int=1)}/3"
    assert (verified.events, verified.waiting) == (41, 1)


async def test_a_stranger_on_the_topic_is_named(cases: Cases) -> None:
    """With headers of their own, or without."""
    async with AIOKafkaProducer(bootstrap_servers=cases.cluster.bootstrap) as producer:
        place = await producer.send_and_wait(cases.cluster.name("cases"), b"{}", key=b"k", partition=0)
        key = str(uuid.UUID(int=4)).encode()
        forged = [
            ("ce_id", b"cases/%s/9" % key), ("ce_type", b"case.closed.v1"), ("ce_position", b"77"),
            ("ce_previous", b"41"), ("ce_chain", b"00" * 32),
        ]  # fmt: skip
        other = await producer.send_and_wait(cases.cluster.name("cases"), b"{}", key=key, partition=0, headers=forged)
    found = [f for f in (await cases.verify()).findings if f.where == "topic"]
    assert ("added", 0, place.offset, None) in {(f.kind, f.partition, f.offset, f.position) for f in found}
    assert ("added", 0, other.offset, 77) in {(f.kind, f.partition, f.offset, f.position) for f in found}


Raw = tuple[bytes, bytes, list[tuple[str, bytes]]]


async def records(cluster: Cluster) -> dict[int, list[Raw]]:
    async with AIOKafkaConsumer(bootstrap_servers=cluster.bootstrap, auto_offset_reset="earliest") as kafka:
        places = [TopicPartition(cluster.name("cases"), number) for number in range(4)]
        kafka.assign(places)
        ends = await kafka.end_offsets(places)
        read: dict[int, list[Raw]] = {number: [] for number in range(4)}
        for place in places:
            while len(read[place.partition]) < ends[place]:
                record = await kafka.getone(place)
                read[place.partition].append((record.key, record.value, list(record.headers)))
    return read


@pytest.mark.parametrize("copied", [False, True])
async def test_a_stranger_who_takes_the_position_of_a_newer_event_elsewhere_is_named(
    cases: Cases, copied: bool
) -> None:
    """Well chained, on a partition whose last event is older; with the bytes of that newer event as well."""
    ends = {number: (dict(rows[-1][2]), rows[-1]) for number, rows in (await records(cases.cluster)).items() if rows}
    partition = min(ends, key=lambda number: int(ends[number][0]["ce_position"]))
    before, _ = ends[partition]
    newest, row = max(ends.values(), key=lambda end: int(end[0]["ce_position"]))
    if copied:
        key, value, version = row[0].decode(), row[1], 4
    else:
        keys = (str(uuid.UUID(int=number)) for number in range(1, 100))
        key, version = next(key for key in keys if partition_of(key.encode(), 4) == partition), 5
        value = b'{"originator_id":"%s","recorded_at":"2026-03-14T09:00:00Z"}' % key.encode()
    position, name, link = int(newest["ce_position"]), newest["ce_type"].decode(), before["ce_chain"].decode()
    forged = headers(
        topic="cases", key=key, version=version, name=name, value=value, service="cases", position=position,
        previous=int(before["ce_position"]), chained=chain(bytes.fromhex(link), position, name, value), trace=None,
    )  # fmt: skip
    async with AIOKafkaProducer(bootstrap_servers=cases.cluster.bootstrap) as producer:
        place = await producer.send_and_wait(
            cases.cluster.name("cases"), value, key=key.encode(), partition=partition, headers=forged
        )
    (found,) = (await cases.verify()).findings
    assert (found.kind, found.where, found.partition, found.offset) == ("added", "topic", place.partition, place.offset)
    assert found.event == f"cases/{key}/{version}"


async def served(bootstrap: str, read: dict[int, list[Raw]]) -> Cluster:
    """The records on another cluster, as a broker that was tampered with would serve them."""
    copy = Cluster(bootstrap, f"t{uuid.uuid4().hex[:8]}-")
    await create_topics(copy)
    async with AIOKafkaProducer(bootstrap_servers=copy.bootstrap) as producer:
        for number, rows in read.items():
            for row in rows:
                await producer.send_and_wait(copy.name("cases"), row[1], key=row[0], partition=number, headers=row[2])
    return copy


@pytest.mark.parametrize("tampering", ["changed", "missing", "added"])
async def test_a_topic_that_was_altered_names_the_record(cases: Cases, tampering: str) -> None:
    """The same log but for one record."""
    read = await records(cases.cluster)
    fullest = max(read, key=lambda number: len(read[number]))
    key, value, headers = read[fullest][2]
    position, event = (int(dict(headers)["ce_position"]), dict(headers)["ce_id"].decode())
    if tampering == "changed":
        read[fullest][2] = (key, value.replace(b"ines", b"inez").replace(b"cases.open", b"cases.oben"), headers)
    elif tampering == "missing":
        del read[fullest][2]
    else:
        read[fullest].insert(3, (key, b"{}", headers))
    copy = await served(cases.cluster.bootstrap, read)
    (found,) = await verify_topic(copy, "cases")
    assert (found.kind, found.partition, found.position) == (tampering, fullest, position)
    assert found.event == (None if tampering == "missing" else event)
    store = [f for f in (await verify(copy, {"cases": cases.url})).findings if f.event == event]
    assert [f.kind for f in store] == {"changed": ["changed", "changed"], "missing": ["missing"], "added": ["added"]}[
        tampering
    ]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("ce_time", lambda made: replaced(made, ce_time=b"1999-01-01T00:00:00Z")),
        ("ce_subject", lambda made: replaced(made, ce_subject=str(uuid.UUID(int=99)).encode())),
        ("ce_id", lambda made: replaced(made, ce_id=dict(made)["ce_id"].replace(b"cases/", b"people/"))),
        ("ce_subject", lambda made: [each for each in made if each[0] != "ce_subject"]),
        ("ce_type", lambda made: [("ce_type", b"case.reopened.v1"), *made]),
    ],
    ids=["time", "subject", "topic", "without", "twice"],
)
async def test_a_header_that_no_chain_covers_is_compared(cases: Cases, name: str, change: Any) -> None:
    read = await records(cases.cluster)
    fullest = max(read, key=lambda number: len(read[number]))
    key, value, made = read[fullest][2]
    read[fullest][2] = (key, value, change(made))
    copy = await served(cases.cluster.bootstrap, read)
    (found,) = (await verify(copy, {"cases": cases.url})).findings
    assert (found.kind, found.where, found.partition, found.offset) == ("changed", "topic", fullest, 2)
    assert found.why.endswith(f"header {name}")


def replaced(made: list[tuple[str, bytes]], **others: bytes) -> list[tuple[str, bytes]]:
    return [(name, others.get(name, value)) for name, value in made]
