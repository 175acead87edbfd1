"""From the event table to Kafka: the stored bytes, in order, once per position however often it is sent."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from psycopg.rows import namedtuple_row
from psycopg.sql import SQL, Identifier

from shared.events import EVENTS
from shared.kafka.chain import Place
from shared.kafka.records import FIRST_CHAIN, chain, headers
from shared.kafka.topics import PEOPLE_KEYS, Cluster, partition_of
from shared.postgres.leader import leading
from shared.postgres.pools import Connection
from shared.supervision import finish, supervise
from shared.telemetry import SENT, span

Ends = dict[Place, tuple[int, bytes]]
"""Position and chain value of the last record on each partition."""
Outgoing = tuple[bytes, bytes, list[tuple[str, bytes]]]
"""Key, value and headers."""
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
RECORD = """
with at as (update relay_position set position = %b)
insert into relay_partitions select * from unnest(%b::text[], %b::int[], %b::bigint[], %b::bytea[])
on conflict (topic, partition) do update set position = excluded.position, chain = excluded.chain
"""
RECORD_KEYS = """
with sent as (delete from key_changes where number <= %(number)s)
update relay_position set key_change = %(number)s
"""
LIMIT = 1000
REST, LONGEST_REST = 0.015, 0.025
"""Seconds; after a batch it rests as long as that took, and within these."""
WAKE_AFTER = 1.0
"""Seconds: what a lost NOTIFY costs."""


class Relay:
    """One per service at a time (advisory lock); a second waits for the first to go."""

    def __init__(self, service: str, url: str, cluster: Cluster) -> None:
        self.service = service
        self._url = url
        self._cluster = cluster
        self._table = f"{service}_events"
        self._ends: Ends = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(supervise(self._relay, "relay", self.service), name=f"{self.service}.relay")

    async def stop(self) -> None:
        await finish(self._task)

    async def _relay(self) -> None:
        """From what is recorded: whatever fails, it starts over."""
        async with (
            leading(self._url, "relay", row_factory=namedtuple_row) as conn,
            AIOKafkaProducer(
                bootstrap_servers=self._cluster.bootstrap, enable_idempotence=True, linger_ms=2,
                max_batch_size=524_288, max_request_size=4_194_304,
            ) as producer,
        ):  # fmt: skip
            await conn.execute("set synchronous_commit = off")  # what is forgotten is sent again
            await conn.execute(SQL("listen {}").format(Identifier(self._table)))
            position, key_change = await self._resume(conn)
            while True:
                # Events are read before the keys: a key is committed with the first event that needs it.
                rows = await self._waiting(conn, position)
                if not rows or (rows[-1].newest_key or 0) > key_change:
                    key_change = await self._send_keys(conn, producer, key_change)
                if rows:
                    began = time.monotonic()
                    position = await self._send_events(conn, producer, rows)
                    if len(rows) < LIMIT:  # so that the next batch is larger, which costs as much
                        await asyncio.sleep(min(max(time.monotonic() - began, REST), LONGEST_REST))
                else:
                    async for _ in conn.notifies(timeout=WAKE_AFTER, stop_after=1):
                        pass

    async def _resume(self, conn: Connection) -> tuple[int, int]:
        rows = await (await conn.execute("select * from relay_partitions")).fetchall()
        self._ends = {(row.topic, row.partition): (row.position, bytes(row.chain)) for row in rows}
        row = await (await conn.execute("select position, key_change from relay_position")).fetchone()
        assert row is not None
        return row.position, row.key_change

    async def _send_keys(self, conn: Connection, producer: AIOKafkaProducer, after: int) -> int:
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
            sends.append(await producer.send(topic, row.wrapped, key=key, partition=partition_of(key, partitions)))
        await asyncio.gather(*sends)
        await conn.execute(RECORD_KEYS, {"number": rows[-1].number})
        return int(rows[-1].number)

    async def _waiting(self, conn: Connection, after: int) -> Sequence[Any]:
        query = SQL(
            "select notification_id, originator_id, originator_version, topic, state, trace,"
            " (select max(number) from key_changes) as newest_key from {}"
            " where notification_id > %s order by notification_id limit %s"
        ).format(Identifier(self._table))
        return await (await conn.execute(query, [after, LIMIT], binary=True)).fetchall()

    async def _send_events(self, conn: Connection, producer: AIOKafkaProducer, rows: Sequence[Any]) -> int:
        ends = dict(self._ends)
        partitions = {t: len(await producer.partitions_for(t)) for t in {self._topic(row.topic) for row in rows}}
        outgoing: dict[Place, list[Outgoing]] = {}
        for row in rows:
            place, record = self._record_of(row, partitions, ends)
            outgoing.setdefault(place, []).append(record)
        await asyncio.gather(*[_send(producer, place, records) for place, records in outgoing.items()])
        await self._record(conn, rows[-1].notification_id, ends)
        self._ends = ends
        SENT.labels(self.service).inc(len(rows))
        return int(rows[-1].notification_id)

    def _record_of(self, row: Any, partitions: Mapping[str, int], ends: Ends) -> tuple[Place, Outgoing]:
        """The event's partition, position and chain value there."""
        topic, key, value = self._topic(row.topic), str(row.originator_id), bytes(row.state)
        place = (topic, partition_of(key.encode(), partitions[topic]))
        previous, chained = ends.get(place, (0, FIRST_CHAIN))
        chained = chain(chained, row.notification_id, row.topic, value)
        ends[place] = (row.notification_id, chained)
        made = headers(
            topic=topic.removeprefix(self._cluster.prefix), key=key, version=row.originator_version, name=row.topic,
            value=value, service=self.service, position=row.notification_id, previous=previous, chained=chained,
            trace=row.trace,
        )  # fmt: skip
        if row.trace:
            with span("relay", {"type": row.topic, "position": row.notification_id}, row.trace):
                pass
        return place, (key.encode(), value, made)

    async def _record(self, conn: Connection, position: int, ends: Ends) -> None:
        """After the broker's acknowledgement: a crash before this sends the same again."""
        changed = [(*place, *end) for place, end in ends.items() if self._ends.get(place) != end]
        await conn.execute(RECORD, [position, *map(list, zip(*changed, strict=True))])

    def _topic(self, name: str) -> str:
        return self._cluster.name(EVENTS[name.rpartition(".v")[0]].topic)


async def _send(producer: AIOKafkaProducer, place: Place, records: Sequence[Outgoing]) -> None:
    """Whole batches, in order, until they are acknowledged: a future for each record costs more than the record."""
    topic, partition = place
    sent = []
    batch = producer.create_batch()
    for key, value, made in records:
        while batch.append(timestamp=None, key=key, value=value, headers=made) is None:
            sent.append(await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()  # which takes its first record, however long
    sent.append(await producer.send_batch(batch, topic, partition=partition))
    await asyncio.gather(*sent)
