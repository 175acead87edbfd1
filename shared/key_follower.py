"""Keeps a service's keys: reads `people-keys` into its table and its keyring, and up to the end on demand."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError
from psycopg_pool import AsyncConnectionPool

from shared.keys import Keyring
from shared.telemetry import log, told
from shared.topics import PEOPLE_KEYS, Cluster

UPSERT = """
insert into keys as k select * from unnest(%b::uuid[], %b::bytea[])
on conflict (person_id) do update set wrapped = case when excluded.wrapped is null then null else k.wrapped end
"""


class KeyFollower:
    """One reader per service; a destroyed key never comes back."""

    def __init__(self, cluster: Cluster, pool: AsyncConnectionPool[Any], keyring: Keyring) -> None:
        self._cluster = cluster
        self._topic = cluster.name(PEOPLE_KEYS)
        self._pool = pool
        self._keyring = keyring
        self._turn = asyncio.Lock()
        self._consumer: AIOKafkaConsumer | None = None
        self._task: asyncio.Task[None] | None = None
        self._partitions: dict[str, int] = {}

    async def start(self) -> None:
        """Assign all partitions from where the table stands, then follow."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._cluster.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        await consumer.start()
        self._consumer = consumer
        partitions = [TopicPartition(self._topic, p) for p in range(await self.partitions(self._topic))]
        consumer.assign(partitions)
        async with self._pool.connection() as conn:
            rows = await (await conn.execute("select partition, next_offset from key_offsets")).fetchall()
        stands = {row[0]: row[1] for row in rows}
        beginnings = await consumer.beginning_offsets(partitions)
        for partition in partitions:
            consumer.seek(partition, max(stands.get(partition.partition, 0), beginnings[partition]))
        self._task = asyncio.create_task(self._follow())

    async def partitions(self, topic: str) -> int:
        """How many the topic has; a topic's count never changes, for keys would move."""
        if topic not in self._partitions:
            assert self._consumer is not None
            found = (await self._consumer._client.fetch_all_metadata()).partitions_for_topic(topic)
            if not found:
                raise UnknownTopicOrPartitionError(topic)
            self._partitions[topic] = len(found)
        return self._partitions[topic]

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._consumer:
            await self._consumer.stop()

    async def fetch(self, people: set[UUID]) -> set[UUID]:
        """Get these keys: from the table, else from the topic up to its present end. Answers those that are gone."""
        missing = await self._from_table(people)
        if missing:
            await self._catch_up()
            missing = await self._from_table(missing)
            for person in missing:
                self._keyring.forget(person)
        return self._keyring.absent(people)

    async def _from_table(self, people: set[UUID]) -> set[UUID]:
        async with self._pool.connection() as conn:
            found = await conn.execute("select person_id, wrapped from keys where person_id = any(%b)", [list(people)])
            rows = await found.fetchall()
        for person, wrapped in rows:
            self._keyring.learn(person, wrapped)
        return people - {row[0] for row in rows}

    async def _catch_up(self) -> None:
        assert self._consumer is not None
        ends = await self._consumer.end_offsets(self._consumer.assignment())
        async with self._turn:
            while any([await self._consumer.position(p) < end for p, end in ends.items()]):
                await self._take(200)

    async def _follow(self) -> None:
        while True:
            try:
                async with self._turn:
                    await self._take(50)
            except (KafkaError, OSError) as error:
                log.warning("keys are not followed", error=told(error))
                await asyncio.sleep(1)
            await asyncio.sleep(0.05)

    async def _take(self, timeout_ms: int) -> None:
        assert self._consumer is not None
        batches = await self._consumer.getmany(timeout_ms=timeout_ms)
        latest = {record.key: record.value for records in batches.values() for record in records if record.key}
        if not latest:
            return
        people = [UUID(key.decode()) for key in latest]
        offsets = {p.partition: records[-1].offset + 1 for p, records in batches.items()}
        await self._keep(people, list(latest.values()), offsets)
        for person, wrapped in zip(people, latest.values(), strict=True):
            if wrapped is None:
                self._keyring.forget(person)

    async def _keep(self, people: list[UUID], wrapped: Sequence[bytes | None], offsets: dict[int, int]) -> None:
        async with self._pool.connection() as conn, conn.transaction():
            await conn.execute(UPSERT, [people, wrapped])
            for partition, offset in offsets.items():
                await conn.execute(
                    "insert into key_offsets values (%s, %s) on conflict (partition)"
                    " do update set next_offset = excluded.next_offset",
                    [partition, offset],
                )
