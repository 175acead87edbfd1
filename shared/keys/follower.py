"""A service's keys: reads `people-keys` into its table and its keyring, and up to the end on demand."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from psycopg.sql import SQL, Identifier

from shared.events import OWNERS
from shared.events.unsealing import person_of, wrapped_by
from shared.kafka.clients import reader, required_partitions
from shared.kafka.topics import PEOPLE_KEYS, Cluster
from shared.keys.keyring import Keyring
from shared.keys.master_keys import WrongMasterKey
from shared.postgres import purge
from shared.postgres.pools import Connection, Pool
from shared.supervision import cancelled_only_by_us, closed, finish
from shared.telemetry import log, redacted

UPSERT = """
insert into keys as k select * from unnest(%b::uuid[], %b::bytea[])
on conflict (person_id) do update set wrapped = null where excluded.wrapped is null and k.wrapped is not null
returning person_id, wrapped
"""
DESTROYED = "select person_id from keys where person_id = any(%b) and wrapped is null"
OFFSETS = """
insert into key_offsets select * from unnest(%b::int[], %b::bigint[])
on conflict (partition) do update set next_offset = excluded.next_offset
"""
GATHER = 0.25
"""Seconds after some keys until the next are looked for: they come with people, one by one, and who needs one before
fetches it."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A key on the topic that no master key known here opens: it is read again once the right one is given."""

    partition: TopicPartition
    offset: int
    master: str | None


class KeyFollower:
    """One reader per service; a destroyed key never comes back."""

    def __init__(self, cluster: Cluster, pool: Pool, keyring: Keyring, service: str) -> None:
        self._cluster = cluster
        self._service = service
        self._topic = cluster.name(PEOPLE_KEYS)
        self._pool = pool
        self._keyring = keyring
        self._turn = asyncio.Lock()
        self._consumer: AIOKafkaConsumer
        self._task: asyncio.Task[None] | None = None
        self._partitions: dict[str, int] = {}
        self._unread: dict[UUID, Unread] = {}
        self._tried: tuple[str, ...] = ()
        self._failure: str | None = None

    @property
    def trouble(self) -> str | None:
        """The reason why this service cannot read people's words, or does not hear who is erased; names no person."""
        if not self._unread:
            return self._failure
        masters = sorted({one.master or "(without an id)" for one in self._unread.values()})
        return (
            f"Keys of {len(self._unread)} people were wrapped by master key {', '.join(masters)}, and the ones that are"
            f" known here are: {', '.join(self._keyring.masters.ids)}. Give this service the right one."
        )

    async def start(self) -> None:
        """Assign all partitions from where the table stands, then follow."""
        self._consumer = consumer = reader(self._cluster)
        await consumer.start()
        partitions = await required_partitions(consumer, self._topic)
        consumer.assign(partitions)
        async with self._pool.connection() as conn:
            rows = await (await conn.execute("select partition, next_offset from key_offsets")).fetchall()
        offsets = dict(rows)
        beginnings = await consumer.beginning_offsets(partitions)
        for partition in partitions:
            consumer.seek(partition, max(offsets.get(partition.partition, 0), beginnings[partition]))
        self._task = asyncio.create_task(self._follow())

    async def partitions(self, topic: str) -> int:
        """The topic's number of partitions, which never changes, for keys would move."""
        if topic not in self._partitions:
            self._partitions[topic] = len(await required_partitions(self._consumer, topic))
        return self._partitions[topic]

    async def stop(self) -> None:
        await finish(self._task)
        await closed(self._consumer.stop())

    async def fetch(self, people: set[UUID]) -> set[UUID]:
        """Get these keys: those that have just come, then from the table, then from the topic up to its present end.

        Answers those that are gone. Raises `WrongMasterKey` where a key is there and cannot be opened: that person was
        not erased.
        """
        with cancelled_only_by_us():
            missing = await self._from_table(await self._not_just_come(people))
            if missing:
                await self.catch_up()
        if missing:
            if not missing.isdisjoint(self._unread):
                raise WrongMasterKey(self.trouble)
            self._keyring.give_up(await self._from_table(missing))
        return self._keyring.absent(people)

    async def _not_just_come(self, people: set[UUID]) -> set[UUID]:
        """Keys travel with the people whom they are for: most that are not known yet wait to be taken."""
        unknown = self._keyring.absent(people)
        if unknown and not self._turn.locked():
            async with self._turn:
                await self._take(0)
        return people - (unknown - self._keyring.absent(unknown))

    async def _from_table(self, people: set[UUID]) -> set[UUID]:
        if not people:
            return set()
        async with self._pool.connection() as conn:
            found = await conn.execute("select person_id, wrapped from keys where person_id = any(%b)", [list(people)])
            rows = await found.fetchall()
        for person, wrapped in rows:
            self._keyring.learn(person, wrapped)
        return people - {row[0] for row in rows}

    async def catch_up(self) -> None:
        """Take what is on the topic now: what was destroyed before opens nothing from here on."""
        ends = await self._consumer.end_offsets(self._consumer.assignment())
        async with self._turn:
            while any([await self._consumer.position(p) < end for p, end in ends.items()]):
                await self._take(200)

    async def _follow(self) -> None:
        while True:
            try:
                with cancelled_only_by_us():
                    async with self._turn:
                        self._read_again()
                        found = await self._take(200)
                self._failure = None
                await asyncio.sleep(GATHER if found else 0)
            except Exception as error:
                self._failure = f"Keys are not followed: {redacted(error)}"
                log.warning("keys are not followed", error=redacted(error))
                await asyncio.sleep(1)

    def _read_again(self) -> None:
        """Another master key was given: go back to what could not be read without it."""
        ids = self._keyring.masters.ids
        if self._unread and ids != self._tried:
            for partition in {one.partition for one in self._unread.values()}:
                self._consumer.seek(partition, self._unread_from(partition))
            self._unread.clear()
        self._tried = ids

    def _unread_from(self, partition: TopicPartition, otherwise: int = 0) -> int:
        return min((one.offset for one in self._unread.values() if one.partition == partition), default=otherwise)

    async def _take(self, timeout_ms: int) -> bool:
        """True where there was something; its changes of the table are known here."""
        batches = await self._consumer.getmany(timeout_ms=timeout_ms)
        if not batches:
            return False
        try:
            await self._learn(batches)
        except BaseException:
            # What was not kept is read again: a key that is passed by would look destroyed.
            for place, records in batches.items():
                self._consumer.seek(place, records[0].offset)
            raise
        return True

    async def _learn(self, batches: Mapping[TopicPartition, Sequence[Any]]) -> None:
        latest = {record.key: (p, record) for p, records in batches.items() for record in records if record.key}
        keys: dict[UUID, bytes | None] = {}
        for key, (partition, record) in latest.items():
            person = person_of(key)
            if person is None:
                log.error("a stranger's record among the keys", partition=partition.partition, offset=record.offset)
                continue
            self._unread.pop(person, None)
            try:
                keys[person] = None if record.value is None else self._keyring.renewed(person, record.value)
            except WrongMasterKey:
                assert record.value is not None
                self._unread[person] = Unread(partition, record.offset, wrapped_by(record.value))
                log.warning("a key cannot be opened", error=self.trouble)
        ends = {p.partition: self._unread_from(p, records[-1].offset + 1) for p, records in batches.items()}
        for person, wrapped in await self._keep(keys, ends):
            self._keyring.learn(person, wrapped)
        for person, wrapped in keys.items():
            if wrapped is None:  # also where another process has noted it in the table
                self._keyring.forget(person)

    async def _keep(
        self, keys: Mapping[UUID, bytes | None], ends: Mapping[int, int]
    ) -> Sequence[tuple[UUID, bytes | None]]:
        async with self._pool.connection() as conn, conn.transaction():
            # Unlike views, which are read again: here a key that a killed database forgets is a person erased, and one
            # that it had destroyed comes back.
            await conn.execute("set local synchronous_commit = on")
            if self._service == OWNERS["people"]:
                await self._destroy_again(conn, [person for person, wrapped in keys.items() if wrapped is not None])
            people = sorted(keys)  # in one order: other processes of the service write the same rows at the same time
            rows = await conn.execute(UPSERT, [people, [keys[person] for person in people]], binary=True)
            held = await rows.fetchall()
            if any(wrapped is None for _, wrapped in held):
                await conn.execute(purge.NOTE, [["keys"]])
            places = sorted(ends)
            await conn.execute(OFFSETS, [places, [ends[place] for place in places]])
        return held

    async def _destroy_again(self, conn: Connection, sent: Sequence[UUID]) -> None:
        """A relay that stood still may send a key that was destroyed meanwhile: who destroys them sends that after it.

        Under the lock of the events, as all that write `key_changes`, and before any key's row is locked.
        """
        found = await (await conn.execute(DESTROYED, [sent])).fetchall()
        if found:
            await conn.execute("set local lock_timeout = '10s'")
            await conn.execute(SQL("lock table {} in exclusive mode").format(Identifier(f"{self._service}_events")))
            await conn.execute("insert into key_changes (person_id) select unnest(%b::uuid[])", [[p for (p,) in found]])
            log.warning("destroyed keys were sent once more and are destroyed again", keys=len(found))
