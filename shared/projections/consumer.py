"""From Kafka to views and policies: batches, once per position, in order, poison set aside."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from shared.kafka.chain import BEGINNING, Checkpoint, Dead, GapFound, Place
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.records import ConsumerRecord, read_all
from shared.kafka.topics import Cluster
from shared.projections.batching import BatchDelay
from shared.supervision import FIRST_WAIT, LONGEST_WAIT, cancelled_only_by_us, finish
from shared.telemetry import APPLIED, log, told

MOST = 2_000
"""Records of a batch."""
LOOK_BACK = 5.0
"""Seconds after which a consumer that always has something to read asks the database all the same how far it is."""
P = TypeVar("P", bound=Place)
PublishDead = Callable[[str, Sequence[Dead]], Awaitable[None]]
Gaps = dict[str, GapFound | None]
"""By the name of what has met it."""


class OtherVersion(Exception):
    """Another release has built a view anew: the fold of this one would spoil its rows."""


class Sink(Protocol):
    """Takes batches in for views or a policy, in one transaction; sets poison aside before it commits."""

    reads: dict[str, frozenset[str]]
    """Whose topics, by their names."""

    async def take(self, batch: Sequence[ConsumerRecord], publish_dead: PublishDead) -> Gaps: ...

    async def checkpoints(self) -> dict[str, dict[Place, Checkpoint]]: ...


@dataclass
class Reading:
    """One view or policy that reads, and what keeps it."""

    service: str
    of: str
    topics: frozenset[str]
    trouble: str | None = None
    sought: GapFound | None = None

    @property
    def name(self) -> str:
        return f"{self.service}.{self.of}"

    def meets(self, gap: GapFound | None) -> bool:
        """Whether it is one in the log: the same that was met before, and read again for."""
        again, self.sought = self.sought, gap
        found = gap is not None and gap == again
        if gap is None or found:
            self.trouble = str(gap) if gap else None
        return found


class Consumer:
    """One consumer group: each record is fetched and read once for all that follow here.

    The group only shares partitions out. Where to read on is for the database to say: nothing is committed to Kafka.
    """

    def __init__(self, service: str, purpose: str, sink: Sink, cluster: Cluster, delay: BatchDelay) -> None:
        self.group = f"{service}.{purpose}"
        self.readings = [Reading(service, name, topics) for name, topics in sink.reads.items()]
        self._service, self._sink, self._delay = service, sink, delay
        self._cluster = cluster
        self._dead_letters = DeadLetters(cluster)
        self._wait = FIRST_WAIT
        self._reread: dict[TopicPartition, int] = {}
        self._looked_back = time.monotonic()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=self.group)

    async def stop(self) -> None:
        await finish(self._task)

    async def _run(self) -> None:
        """Start over whenever Kafka fails, for ever; leave the partitions to another release that has come."""
        while True:
            try:
                kafka = AIOKafkaConsumer(
                    bootstrap_servers=self._cluster.bootstrap, group_id=self._cluster.name(self.group),
                    enable_auto_commit=False, auto_offset_reset="earliest", session_timeout_ms=12_000,
                    heartbeat_interval_ms=3_000, max_poll_interval_ms=600_000,
                )  # fmt: skip
                topics = sorted({topic for reading in self.readings for topic in reading.topics})
                kafka.subscribe(topics, listener=_Assigned(kafka, self._sink))
                with cancelled_only_by_us():
                    async with kafka:
                        while True:
                            await self._turn(kafka)
            except OtherVersion as error:
                log.error("consumer ends", consumer=self.group, error=told(error))
                return
            except Exception as error:
                await self._back_off(error)

    async def _turn(self, kafka: AIOKafkaConsumer) -> None:
        """One batch; after trouble the same batch again, in order."""
        found = await kafka.getmany(timeout_ms=1000, max_records=MOST)
        began = time.monotonic()
        batch = [record for records in found.values() for record in records]
        try:
            again = await self._handle(batch) if batch else {}
            if not batch or began - self._looked_back > LOOK_BACK:
                again = await self._forgotten(kafka) | again
        except OtherVersion:
            raise
        except Exception as error:
            await self._back_off(error)
            _seek(kafka, {partition: records[0].offset for partition, records in found.items()})
        else:
            self._wait = FIRST_WAIT
            _seek(kafka, again)
            if 0 < len(batch) < MOST:
                await self._delay.wait(time.monotonic() - began)

    async def _handle(self, batch: Sequence[Any]) -> dict[TopicPartition, int]:
        """Let all take it in, whom positions keep from seeing it twice; answers from where to read again."""
        records = read_all(batch)
        try:
            gaps = await self._sink.take(records, self._publish_dead)
        except Exception as error:
            for reading in self.readings:
                reading.trouble = told(error)
            raise
        again: dict[TopicPartition, int] = {}
        missing = [gap for reading in self.readings if reading.meets(gap := gaps.get(reading.of)) and gap]
        if missing:
            raise missing[0]
        for gap in filter(None, gaps.values()):
            place = TopicPartition(*gap.place)
            again[place] = min(again.get(place, gap.next_offset), gap.next_offset)
        for reading in self.readings:
            APPLIED.labels(reading.name).inc(sum(record.topic in reading.topics for record in records))
        return again

    async def _forgotten(self, kafka: AIOKafkaConsumer) -> dict[TopicPartition, int]:
        """From where to read again what the database has lost when it was killed, as it does not wait for its disk.

        Each place once: what Kafka itself passes over does not come. While others are read, too: where nothing new
        comes, nothing shows that something is missing.
        """
        self._looked_back = time.monotonic()
        stands = await furthest_behind(self._sink, kafka.assignment())
        left = {place: offset for place, offset in stands.items() if offset < await kafka.position(place)}
        again = {place: offset for place, offset in left.items() if self._reread.get(place) != offset}
        self._reread = left
        return again

    async def _publish_dead(self, name: str, dead: Sequence[Dead]) -> None:
        await self._dead_letters.publish(f"{self._service}.{name}", dead)

    async def _back_off(self, error: Exception) -> None:
        log.warning("consumer waits", consumer=self.group, seconds=self._wait, error=told(error))
        await asyncio.sleep(self._wait)
        self._wait = min(self._wait * 2, LONGEST_WAIT)


class _Assigned(ConsumerRebalanceListener):
    """Begins each partition where the reading that is furthest behind stands."""

    def __init__(self, kafka: AIOKafkaConsumer, sink: Sink) -> None:
        self._kafka, self._sink = kafka, sink

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Whoever gets them finds in the database how far they are."""

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        _seek(self._kafka, await furthest_behind(self._sink, assigned))


async def furthest_behind(sink: Sink, places: Collection[P]) -> dict[P, int]:
    """Where the reading begins that is furthest behind, as the database says."""
    behind: dict[P, int] = {}
    for name, stands in (await sink.checkpoints()).items():
        for place in places:
            if place[0] in sink.reads[name]:
                offset = stands.get(place, BEGINNING)[1]
                behind[place] = min(behind.get(place, offset), offset)
    return behind


def _seek(kafka: AIOKafkaConsumer, offsets: dict[TopicPartition, int]) -> None:
    """Those partitions that are still ours."""
    for partition in offsets.keys() & kafka.assignment():
        kafka.seek(partition, offsets[partition])
