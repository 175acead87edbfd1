"""From Kafka to views and policies: FastStream batches, once per position, in order, poison set aside."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Protocol

from aiokafka import TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage

from shared.dead_letters import Graves
from shared.records import ConsumerRecord, read_all
from shared.sifting import Dead, GapFound, Place, Stand
from shared.telemetry import APPLIED, log, told
from shared.topics import Cluster

FIRST_WAIT, LONGEST_WAIT = 0.2, 30.0
LetterBox = Callable[[Sequence[Dead]], Awaitable[None]]
Taken = tuple[dict[Place, Stand], GapFound | None]


class Sink(Protocol):
    """Takes a batch in one transaction and answers where it stands; sets poison aside before it commits."""

    name: str
    topics: tuple[str, ...]

    async def take(self, batch: Sequence[ConsumerRecord], bury: LetterBox) -> Taken: ...


class Reading:
    """How far one view or policy is, and what keeps it."""

    def __init__(self, service: str, sink: Sink, stands: dict[Place, Stand], cluster: Cluster) -> None:
        self.name = f"{service}.{sink.name}"
        self.sink, self.stands = sink, stands
        self.topics = frozenset(map(cluster.name, sink.topics))
        self.trouble: str | None = None
        self.sought: GapFound | None = None

    async def take(self, batch: Sequence[ConsumerRecord], bury: LetterBox) -> list[GapFound]:
        """What of the batch is this sink's; positions make it harmless to see it again. Answers what to read again."""
        ours = [record for record in batch if record.topic in self.topics]
        try:
            stands, gap = await self.sink.take(ours, bury) if ours else ({}, None)
            self.stands.update(stands)
        except Exception as error:
            self.trouble = told(error)
            raise
        again, self.sought = self.sought, gap
        self.trouble = None if gap is None else str(gap) if gap == again else self.trouble
        if gap is not None and gap == again:
            raise gap
        APPLIED.labels(self.name).inc(len(ours))
        return [gap] if gap else []


class Consumer:
    """One consumer group: each record is fetched and decoded once for all that read here."""

    def __init__(
        self, service: str, purpose: str, readings: Sequence[Reading], broker: KafkaBroker, cluster: Cluster
    ) -> None:
        self.group = f"{service}.{purpose}"
        self.readings = list(readings)
        self._graves = Graves(broker, cluster)
        self._wait = FIRST_WAIT

        async def raw_records(message: KafkaMessage) -> Any:
            return message.raw_message

        self._subscriber = broker.subscriber(
            *sorted({topic for reading in readings for topic in reading.topics}), group_id=cluster.name(self.group),
            batch=True, max_records=1000, batch_timeout_ms=50, decoder=raw_records,
            ack_policy=AckPolicy.NACK_ON_ERROR, auto_offset_reset="earliest", session_timeout_ms=30_000,
            heartbeat_interval_ms=3_000, max_poll_interval_ms=600_000,
        )  # fmt: skip
        self._subscriber(self._handle)

    async def start(self) -> None:
        """For a consumer that joins while the broker runs."""
        await self._subscriber.start()

    async def _handle(self, batch: Any) -> None:
        """Back off and raise on trouble: the subscriber then reads the same batch again, in order."""
        records = read_all(batch if isinstance(batch, tuple) else (batch,))
        taking = (reading.take(records, partial(self._graves.bury, reading.name)) for reading in self.readings)
        answers = await asyncio.gather(*taking, return_exceptions=True)
        if failed := [answer for answer in answers if isinstance(answer, BaseException)]:
            log.warning("consumer waits", consumer=self.group, seconds=self._wait, error=told(failed[0]))
            await asyncio.sleep(self._wait)
            self._wait = min(self._wait * 2, LONGEST_WAIT)
            raise failed[0]
        self._wait = FIRST_WAIT
        self._seek_back([gap for answer in answers if not isinstance(answer, BaseException) for gap in answer])

    def _seek_back(self, gaps: Sequence[GapFound]) -> None:
        """Kafka's offsets are a hint: read again from where the sink stands; only the same gap again is one."""
        kafka = self._subscriber.consumer
        for gap in sorted(gaps, key=lambda gap: -gap.next_offset):
            assert kafka is not None
            kafka.seek(TopicPartition(*gap.place), gap.next_offset)
