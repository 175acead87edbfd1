"""All that is known of one person anywhere, and the proof that it is gone: looked up in each place, never assumed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg
from aiokafka import TopicPartition
from psycopg.sql import SQL, Composed, Identifier

from deploy.cli.keys.key_topic import TopicKeys
from deploy.cli.operations import database
from deploy.installation import Installation
from deploy.services import SERVICES
from shared.kafka.clients import ends, read_to, reader
from shared.kafka.records import ConsumerRecord, read
from shared.kafka.topics import Cluster, partition_of
from shared.postgres.purge import waiting
from shared.projections import versions

BEFORE_MS = 60_000
"""A record may be a little older for Kafka than for the service that wrote it."""


@dataclass(frozen=True)
class Held:
    """One service's data of the person."""

    service: str
    key: str
    """`held`, `destroyed`, or `never held`."""
    fields: dict[str, int]
    """Table -> columns that hold plain words of theirs."""
    rows: dict[str, int]
    """Table -> rows about them, which stay."""
    folded: bool
    """True once all views of the service have taken the erasure in, and before there is one."""
    unwritten: tuple[str, ...]
    """Tables whose files may still hold bytes that were taken out, or that are filled for a view to come."""

    @property
    def confirmed(self) -> bool:
        gone = self.key != "held" and not any(self.fields.values())
        return gone and self.folded and not self.unwritten


@dataclass(frozen=True)
class Topic:
    """The person's keys on `people-keys`."""

    key: str
    """`held`, `destroyed`, or `never held`."""
    waiting: int
    """Earlier records of the key on Kafka's disk, until compaction takes them within minutes."""


@dataclass(frozen=True)
class Proof:
    """The event, and where it stands in a log that can be verified."""

    erased_at: datetime
    actor: str
    reason: str
    override: str | None
    overridden: list[str] | None
    event: str
    position: int
    place: str
    """Topic, partition and offset; empty until it was sent."""
    chain: str


@dataclass(frozen=True)
class Certificate:
    person: UUID
    written_at: datetime
    proof: Proof | None
    services: list[Held]
    topic: Topic

    @property
    def confirmed(self) -> bool:
        sent = self.proof is not None and bool(self.proof.place)
        return sent and self.topic.key != "held" and all(one.confirmed for one in self.services)

    @property
    def destroyed(self) -> bool:
        """Their key is, and no event says so: they were erased after the backup that was restored."""
        keys = {self.topic.key, *(one.key for one in self.services)}
        return self.proof is None and "destroyed" in keys and "held" not in keys

    def json(self) -> bytes:
        services = [asdict(one) | {"confirmed": one.confirmed} for one in self.services]
        body = asdict(self) | {"services": services, "confirmed": self.confirmed, "destroyed": self.destroyed}
        return orjson.dumps(body, option=orjson.OPT_INDENT_2)


async def certificate(at: Installation, person: UUID, now: datetime) -> Certificate:
    """Of somebody who was erased, or as a preview of somebody who was not."""
    proof = await _proof(at, person)
    services = [await _held(at, service, person, proof) for service in SERVICES]
    async with TopicKeys(at.cluster) as topic:
        await topic.read()
    known = "never held" if person not in topic.masters else "held" if topic.masters[person] else "destroyed"
    return Certificate(person, now, proof, services, Topic(known, topic.older[person]))


async def _held(at: Installation, service: str, person: UUID, proof: Proof | None) -> Held:
    fields: dict[str, int] = {}
    rows: dict[str, int] = {}
    folded = True
    filled: list[str] = []
    async with _connected(at, service) as conn:
        found = await _row(conn, "select wrapped is null from keys where person_id = %s", person)
        key = "never held" if found is None else "destroyed" if found[0] else "held"
        for view in SERVICES[service].views:
            live = (await versions.prepare(conn, view)).generation
            for table in view.tables:
                if column := table.person or ("person_id" if "person_id" in table.columns else None):
                    personal = SQL(", ").join(map(Identifier, table.personal)) if table.personal else SQL("null::text")
                    query = SQL("select count(*), coalesce(sum(num_nonnulls({})), 0)::int from {} where {} = %s")
                    names = Identifier(table.name), Identifier(column)
                    rows[table.name], fields[table.name] = await _row(conn, query.format(personal, *names), person)
            if any(table.personal for table in view.tables):
                filled += await versions.unread(conn, view)
                folded &= proof is None or await _folded(conn, view.consumer(live), proof)
        if service == "intake" and (await _row(conn, "select to_regclass('mailbox')"))[0]:  # of the embedded mode
            [fields["mailbox"]] = await _row(conn, "select count(*) from mailbox where person_id = %s", person)
        left = dict.fromkeys([*filled, *await waiting(conn)])  # what is dropped meanwhile is noted
    return Held(service, key, _some(fields), _some(rows), folded, tuple(left))


def _some(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


async def _folded(conn: Any, consumer: str, proof: Proof) -> bool:
    """True once the view has read the event, which may not have been sent yet."""
    if not proof.place:
        return False
    topic, partition, _ = proof.place.rsplit("/", 2)
    query = "select position from progress where consumer = %s and topic = %s and partition = %s"
    read = await _row(conn, query, consumer, topic, int(partition))
    return read is not None and read[0] >= proof.position


@asynccontextmanager
async def _connected(at: Installation, service: str) -> AsyncIterator[Any]:
    url = await asyncio.to_thread(database, at, service)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        yield conn


async def _row(conn: Any, query: str | Composed, *values: Any) -> Any:
    return await (await conn.execute(query, values)).fetchone()


async def _proof(at: Installation, person: UUID) -> Proof | None:
    query = """select notification_id, originator_version, state from intake_events
        where originator_id = %s and topic like 'person.erased.v%%'"""
    async with _connected(at, "intake") as conn:
        if (row := await _row(conn, query, person)) is None:
            return None
    position, version, state = row
    said = orjson.loads(state)
    erased_at = datetime.fromisoformat(said["recorded_at"])
    record = await _record(at.cluster, person, position, erased_at)
    return Proof(
        erased_at, said["actor"], said["reason"], said.get("override"), said.get("overridden"),
        f"people/{person}/{version}", position,
        f"{record.topic}/{record.partition}/{record.offset}" if record else "",
        read(record).chain.hex() if record else "",
    )  # fmt: skip


async def _record(cluster: Cluster, person: UUID, position: int, erased_at: datetime) -> ConsumerRecord | None:
    """The event as Kafka has it; None where it was not sent yet."""
    topic, key = cluster.name("people"), str(person).encode()
    async with reader(cluster) as kafka:
        if not (limits := await ends(kafka, topic)):
            return None
        place = TopicPartition(topic, partition_of(key, len(limits)))
        kafka.assign([place])
        began = (await kafka.offsets_for_times({place: int(erased_at.timestamp() * 1000) - BEFORE_MS}))[place]
        if began is None:
            return None
        kafka.seek(place, began.offset)
        async for batch in read_to(kafka, {place: limits[place]}):
            for record in batch:
                if record.key == key and ("ce_position", str(position).encode()) in record.headers:
                    return record
    return None
