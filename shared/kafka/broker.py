"""The bus of a service: one FastStream broker, and the members of consumer groups that it makes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ConsumerStoppedError
from faststream.kafka import KafkaBroker
from faststream.message import StreamMessage

from shared.kafka.records import ConsumerRecord, read_all
from shared.kafka.topics import Cluster
from shared.supervision import cancelled_only_by_us

Batch = StreamMessage[Sequence[Any]]


def make_broker(cluster: Cluster) -> KafkaBroker:
    """Only reads, creates no topic, and logs nothing: its messages would quote records."""
    return KafkaBroker(
        cluster.bootstrap, consumer_only=True, allow_auto_create_topics=False, logger=None, apply_types=False,
        serializer=None, graceful_timeout=None, parser=_parse, decoder=_decode,
    )  # fmt: skip


async def _parse(records: Sequence[Any]) -> Batch:
    """Headers stay bytes: FastStream's own parser fails on those that are no text."""
    return StreamMessage(records, body=b"")


async def _decode(batch: Batch) -> list[ConsumerRecord]:
    """Records with their headers read, for all readers of the group; values stay closed."""
    return read_all(batch.raw_message)


@asynccontextmanager
async def connected(broker: KafkaBroker) -> AsyncIterator[None]:
    """From here on subscribers can be started; whatever was started has stopped in the end."""
    await broker.connect()
    config = broker.config.broker_config
    config.builder = partial(GroupMember, **cast("partial[Any]", config.builder).keywords)
    try:
        yield
    finally:
        await broker.stop()


class GroupMember(AIOKafkaConsumer):
    """A member of a consumer group that answers FastStream with records or with its end.

    After an empty answer FastStream sleeps; it goes on asking a member that has failed, and forgets one whose request
    aiokafka has cancelled. Such a member ends here, and the consumer begins anew with another.
    """

    def __init__(self, *topics: str, **options: Any) -> None:
        super().__init__(*topics, **options)  # type: ignore[no-untyped-call]
        self.failure: Exception | None = None
        """The error that it ended with."""
        self._in_flight: dict[TopicPartition, Sequence[Any]] = {}
        self._taken: dict[TopicPartition, int] = {}

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[Any]]:
        """The next batch, once there is one; the last was taken in, unless it was gone back on."""
        self._taken |= {place: records[-1].offset + 1 for place, records in self._in_flight.items()}
        self._in_flight = {}
        try:
            with cancelled_only_by_us():
                while self.failure is None:
                    found: dict[TopicPartition, list[Any]] = await super().getmany(
                        *partitions, timeout_ms=timeout_ms, max_records=max_records
                    )
                    if found:
                        self._in_flight = dict(found)
                        return found
        except Exception as error:
            self.failure = error
        raise ConsumerStoppedError

    @property
    def taken(self) -> dict[TopicPartition, int]:
        """The offset up to which all is taken in, of each partition that is ours."""
        return {place: self._taken[place] for place in self._taken.keys() & self.assignment()}

    def go_to(self, offsets: dict[TopicPartition, int]) -> None:
        """Read on from these, as far as the partitions are still ours."""
        for place in offsets.keys() & self.assignment():
            self.seek(place, offsets[place])
            self._in_flight.pop(place, None)
            self._taken[place] = offsets[place]

    def go_back(self) -> None:
        """Read the batch in flight again."""
        self.go_to({place: records[0].offset for place, records in self._in_flight.items()})
