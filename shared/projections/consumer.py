"""From Kafka to views and policies: batches, once per position, in order, poison set aside."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import psycopg
from aiokafka import ConsumerRebalanceListener, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaRouter

from shared.kafka.broker import Batch, GroupMember
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.topics import Cluster
from shared.projections.batching import BatchDelay
from shared.projections.middlewares import Delivery, Next, Telemetry
from shared.projections.sink import OtherVersion, Sink, furthest_behind
from shared.supervision import FIRST_WAIT, LONGEST_WAIT, CancelledByKafka, cancelled_only_by_us, finish
from shared.telemetry import log, redacted

MOST = 2_000
"""Records of a batch."""
POLL_MS = 1_000
LOOK_BACK = 1.0
"""Seconds after which the database is asked again how far it is."""


class Consumer:
    """One consumer group, a subscriber of the service's broker: each record is fetched and read once for all in it.

    The group only shares partitions out. Where to read on is for the database to say: nothing is committed to Kafka.
    """

    def __init__(
        self, service: str, purpose: str, sink: Sink, cluster: Cluster, delay: BatchDelay, broker: KafkaBroker
    ) -> None:
        self.group = f"{service}.{purpose}"
        self.readings = sink.readings
        self._sink, self._delay = sink, delay
        self._dead_letters = DeadLetters(cluster, service)
        self._wait = FIRST_WAIT
        self._sought: dict[TopicPartition, int] = {}
        self._task: asyncio.Task[None] | None = None
        router = KafkaRouter(middlewares=[partial(Delivery, self._deliver), partial(Telemetry, service, self.readings)])
        self._subscriber = router.subscriber(
            *sorted({topic for reading in self.readings for topic in reading.topics}),
            group_id=cluster.name(self.group), batch=True, max_records=MOST, batch_timeout_ms=POLL_MS,
            ack_policy=AckPolicy.MANUAL, auto_offset_reset="earliest", listener=_Assigned(self),
            session_timeout_ms=12_000, heartbeat_interval_ms=3_000, max_poll_interval_ms=600_000,
        )  # fmt: skip
        self._subscriber(self._take)
        broker.include_router(router)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=self.group)

    async def stop(self) -> None:
        await finish(self._task)

    @property
    def member(self) -> GroupMember | None:
        """The member of the consumer group; None before the start and on a test broker."""
        return self._subscriber.consumer if isinstance(self._subscriber.consumer, GroupMember) else None

    async def _run(self) -> None:
        """Begin anew whenever Kafka fails, for ever; leave the partitions to another release that has come."""
        while True:
            try:
                with cancelled_only_by_us():
                    await self._follow()
            except OtherVersion as error:
                log.error("consumer ends", consumer=self.group, error=redacted(error))
                return
            except Exception as error:
                await self._back_off(error)

    async def _follow(self) -> None:
        """Subscribe, and look back beside it until that fails."""
        try:
            await self._subscriber.start()
            member, [reading] = self.member, self._subscriber.tasks
            assert member is not None
            while not reading.done():
                with suppress(psycopg.Error, OSError):
                    await self._look_back(member)
                await asyncio.wait([reading], timeout=LOOK_BACK)
            raise member.failure or CancelledByKafka
        finally:
            tasks = list(self._subscriber.tasks)
            await self._subscriber.stop()
            if tasks:
                await asyncio.wait(tasks)

    async def _look_back(self, member: GroupMember) -> None:
        """Read again what the database has lost when it was killed, as it does not wait for its disk.

        Each place once: what Kafka itself passes over does not come. Although others are read all the time: where
        nothing new comes, nothing shows that something is missing.
        """
        taken = member.taken
        behind = await furthest_behind(self._sink, taken)
        lost = {place: offset for place, offset in behind.items() if offset < taken[place]}
        member.go_to({place: offset for place, offset in lost.items() if self._sought.get(place) != offset})
        self._sought = lost

    async def _deliver(self, call_next: Next, batch: Batch) -> None:
        """One batch; after trouble the same batch again, in order."""
        member, began = self.member, time.monotonic()
        if member is None:  # whoever publishes to a test broker sees the error
            await call_next(batch)
            return
        try:
            with cancelled_only_by_us():
                await call_next(batch)
        except OtherVersion as error:
            member.failure = error
        except Exception as error:
            await self._back_off(error)
            member.go_back()
        else:
            self._wait = FIRST_WAIT
            if len(batch.raw_message) < MOST:
                await self._delay.wait(time.monotonic() - began)

    async def _take(self, records: list[Any]) -> None:
        """Let all take the batch in, whom positions keep from seeing it twice; a gap is read again for, once."""
        try:
            gaps = await self._sink.take(records, self._dead_letters.publish)
        except Exception as error:
            for reading in self.readings:
                reading.trouble = redacted(error)
            raise
        missing = [gap for reading in self.readings if reading.meets(gap := gaps.get(reading.of)) and gap]
        if missing:
            raise missing[0]
        if self.member is not None:
            latest_first = sorted(filter(None, gaps.values()), key=lambda gap: gap.next_offset, reverse=True)
            self.member.go_to({TopicPartition(*gap.place): gap.next_offset for gap in latest_first})

    async def _back_off(self, error: Exception) -> None:
        log.warning("consumer waits", consumer=self.group, seconds=self._wait, error=redacted(error))
        await asyncio.sleep(self._wait)
        self._wait = min(self._wait * 2, LONGEST_WAIT)


class _Assigned(ConsumerRebalanceListener):
    """Begins each partition where the view or policy is that is furthest behind."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """The next owner finds in the database how far they are."""

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        if member := self._consumer.member:
            member.go_to(await furthest_behind(self._consumer._sink, assigned))
