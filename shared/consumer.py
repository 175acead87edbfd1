"""From Kafka to a view or a policy: FastStream batches, once per position, in order, poison set aside."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from aiokafka import ConsumerRecord as KafkaRecord
from aiokafka import TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage

from shared.records import ConsumerRecord
from shared.sifting import Dead, GapFound, Place, Stand
from shared.telemetry import APPLIED, DEAD, log, told
from shared.topics import Cluster, create_topics

FIRST_WAIT, LONGEST_WAIT = 0.2, 30.0
LetterBox = Callable[[Sequence[Dead]], Any]


class Sink(Protocol):
    """Takes a batch in one transaction and answers where it stands; sets poison aside before it commits."""

    name: str
    topics: tuple[str, ...]

    async def take(
        self, batch: Sequence[ConsumerRecord], bury: LetterBox
    ) -> tuple[dict[Place, Stand], GapFound | None]: ...


class Consumer:
    """One consumer group, one subscriber, one sink."""

    def __init__(self, service: str, sink: Sink, broker: KafkaBroker, cluster: Cluster) -> None:
        self.group = f"{service}.{sink.name}"
        self.topics = tuple(map(cluster.name, sink.topics))
        self.sink = sink
        self.stands: dict[Place, Stand] = {}
        self.trouble: str | None = None
        self._broker = broker
        self._cluster = cluster
        self._wait = FIRST_WAIT
        self._sought: GapFound | None = None
        self._graves: set[str] = set()

        async def raw_records(message: KafkaMessage) -> Any:
            return message.raw_message

        self._subscriber = broker.subscriber(
            *self.topics, group_id=cluster.name(self.group), batch=True, max_records=1000, batch_timeout_ms=50,
            decoder=raw_records, ack_policy=AckPolicy.NACK_ON_ERROR, auto_offset_reset="earliest",
            session_timeout_ms=30_000, heartbeat_interval_ms=3_000, max_poll_interval_ms=600_000,
        )  # fmt: skip
        self._subscriber(self._handle)

    async def start(self) -> None:
        """For a consumer that joins while the broker runs."""
        await self._subscriber.start()

    async def _handle(self, batch: Any) -> None:
        """Back off and raise on trouble: the subscriber then reads the same batch again, in order."""
        try:
            records: Sequence[KafkaRecord[Any, Any]] = batch if isinstance(batch, tuple) else (batch,)
            stands, gap = await self.sink.take(records, self._bury)
            self.stands.update(stands)
            if gap is not None:
                self._seek_back(gap)
            else:
                self.trouble, self._wait, self._sought = None, FIRST_WAIT, None
            APPLIED.labels(self.group).inc(len(records))
        except Exception as error:
            self.trouble = told(error)
            log.warning("consumer waits", consumer=self.group, seconds=self._wait, error=self.trouble)
            await asyncio.sleep(self._wait)
            self._wait = min(self._wait * 2, LONGEST_WAIT)
            raise

    def _seek_back(self, gap: GapFound) -> None:
        """Kafka's offsets are a hint: first read again from where the sink stands, then call it a gap."""
        if self._sought == gap:
            raise gap
        self._sought = gap
        kafka = self._subscriber.consumer
        assert kafka is not None
        kafka.seek(TopicPartition(*gap.place), gap.next_offset)

    async def _bury(self, dead: Sequence[Dead]) -> None:
        """To `<group>.dead`, as they are, with why and from where."""
        grave = self._cluster.name(f"{self.group}.dead")
        if grave not in self._graves:
            await create_topics(self._cluster, dead=[grave])
            self._graves.add(grave)
        for letter in dead:
            raw = letter.raw
            source = f"{raw.topic}/{raw.partition}/{raw.offset}"
            headers = {name: value.decode("utf-8", "replace") for name, value in raw.headers}
            await self._broker.publish(
                raw.value,
                topic=grave,
                key=raw.key,
                headers=headers | {"error": letter.error, "source": source},
            )
            log.error("record set aside", consumer=self.group, source=source, error=letter.error)
        DEAD.labels(self.group).inc(len(dead))
