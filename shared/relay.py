"""From the event table to Kafka: the stored bytes, in order, once per position however often it is sent."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import psycopg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from psycopg.rows import namedtuple_row
from psycopg.sql import SQL, Identifier

from shared.events import EVENTS
from shared.records import FIRST_CHAIN, chain, headers
from shared.telemetry import SENT, log, span, told
from shared.topics import PEOPLE_KEYS, Cluster, partition_of

SCHEMA = """
create table if not exists relay_position (
  one bool primary key default true check (one),
  position bigint not null default 0, key_change bigint not null default 0
);
insert into relay_position default values on conflict do nothing;
create table if not exists relay_partitions (
  topic text, partition int, position bigint not null, chain bytea not null, primary key (topic, partition)
);
"""
LIMIT = 1000
WAKE_AFTER = 1.0
"""Seconds: what a lost NOTIFY costs."""


class Relay:
    """One per service at a time (advisory lock); a second waits for the first to go."""

    def __init__(self, service: str, url: str, cluster: Cluster) -> None:
        self.service = service
        self._url = url
        self._cluster = cluster
        self._table = f"{service}_events"
        self._ends: dict[tuple[str, int], tuple[int, bytes]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"{self.service}.relay")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        """Start over from what is recorded whenever the database or the broker fails, for ever."""
        wait = 0.2
        while True:
            try:
                await self._relay()
            except (KafkaError, psycopg.Error, OSError) as error:
                log.warning("relay starts over", service=self.service, error=told(error))
                await asyncio.sleep(wait)
                wait = min(wait * 2, 10)

    async def _relay(self) -> None:
        async with (
            await psycopg.AsyncConnection.connect(self._url, autocommit=True, row_factory=namedtuple_row) as conn,
            AIOKafkaProducer(
                bootstrap_servers=self._cluster.bootstrap, enable_idempotence=True, linger_ms=2,
                max_batch_size=262_144, max_request_size=4_194_304,
            ) as producer,
        ):  # fmt: skip
            await conn.execute("select pg_advisory_lock(hashtext('recourse.relay'))")
            await conn.execute(SQL("listen {}").format(Identifier(self._table)))
            position, key_change = await self._resume(conn)
            while True:
                key_change = await self._send_keys(conn, producer, key_change)
                sent_to = await self._send_events(conn, producer, position)
                if sent_to == position:
                    async for _ in conn.notifies(timeout=WAKE_AFTER, stop_after=1):
                        pass
                position = sent_to

    async def _resume(self, conn: psycopg.AsyncConnection[Any]) -> tuple[int, int]:
        rows = await (await conn.execute("select * from relay_partitions")).fetchall()
        self._ends = {(row.topic, row.partition): (row.position, bytes(row.chain)) for row in rows}
        row = await (await conn.execute("select position, key_change from relay_position")).fetchone()
        assert row is not None
        return row.position, row.key_change

    async def _send_keys(self, conn: psycopg.AsyncConnection[Any], producer: AIOKafkaProducer, after: int) -> int:
        """Keys made or destroyed since, acknowledged before any event that needs them is sent."""
        found = await conn.execute(
            "select c.number, c.person_id, k.wrapped from key_changes c join keys k using (person_id)"
            " where number > %s order by number",
            [after],
        )
        rows = await found.fetchall()
        if not rows:
            return after
        topic = self._cluster.name(PEOPLE_KEYS)
        partitions = len(await producer.partitions_for(topic))
        sends = []
        for row in rows:
            key = str(row.person_id).encode()
            wrapped = None if row.wrapped is None else bytes(row.wrapped)
            sends.append(await producer.send(topic, wrapped, key=key, partition=partition_of(key, partitions)))
        await asyncio.gather(*sends)
        await conn.execute("update relay_position set key_change = %s", [rows[-1].number])
        await conn.execute("delete from key_changes where number <= %s", [rows[-1].number])
        return int(rows[-1].number)

    async def _send_events(self, conn: psycopg.AsyncConnection[Any], producer: AIOKafkaProducer, after: int) -> int:
        query = SQL(
            "select notification_id, originator_id, originator_version, topic, state, trace from {}"
            " where notification_id > %s order by notification_id limit %s"
        ).format(Identifier(self._table))
        rows = await (await conn.execute(query, [after, LIMIT], binary=True)).fetchall()
        if not rows:
            return after
        ends = dict(self._ends)
        partitions = {t: len(await producer.partitions_for(t)) for t in {self._topic(row.topic) for row in rows}}
        await asyncio.gather(*[await self._send(producer, row, partitions, ends) for row in rows])
        await self._record(conn, rows[-1].notification_id, ends)
        self._ends = ends
        SENT.labels(self.service).inc(len(rows))
        return int(rows[-1].notification_id)

    async def _send(
        self,
        producer: AIOKafkaProducer,
        row: Any,
        partitions: Mapping[str, int],
        ends: dict[tuple[str, int], tuple[int, bytes]],
    ) -> asyncio.Future[Any]:
        topic, key, value = self._topic(row.topic), str(row.originator_id), bytes(row.state)
        partition = partition_of(key.encode(), partitions[topic])
        previous, chained = ends.get((topic, partition), (0, FIRST_CHAIN))
        chained = chain(chained, row.notification_id, row.topic, value)
        ends[topic, partition] = (row.notification_id, chained)
        made = headers(
            topic=topic.removeprefix(self._cluster.prefix), key=key, version=row.originator_version, name=row.topic,
            value=value, service=self.service, position=row.notification_id, previous=previous, chained=chained,
            trace=row.trace,
        )  # fmt: skip
        if row.trace:
            with span("relay", {"type": row.topic, "position": row.notification_id}, row.trace):
                pass
        sent: asyncio.Future[Any] = await producer.send(
            topic, value, key=key.encode(), partition=partition, headers=made
        )
        return sent

    async def _record(
        self,
        conn: psycopg.AsyncConnection[Any],
        position: int,
        ends: Mapping[tuple[str, int], tuple[int, bytes]],
    ) -> None:
        """After the broker's acknowledgement: a crash before this sends the same again."""
        changed = [(t, p, at, link) for (t, p), (at, link) in ends.items() if self._ends.get((t, p)) != (at, link)]
        async with conn.transaction(), conn.cursor() as cursor:
            await cursor.execute("update relay_position set position = %s", [position])
            await cursor.executemany(
                "insert into relay_partitions values (%s, %s, %s, %s) on conflict (topic, partition)"
                " do update set position = excluded.position, chain = excluded.chain",
                changed,
            )

    def _topic(self, name: str) -> str:
        return self._cluster.name(EVENTS[name.rpartition(".v")[0]].topic)
