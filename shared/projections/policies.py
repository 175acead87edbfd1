"""Policies: when X happened there, do Y here, new events and progress in one commit."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psycopg
from aiokafka.errors import KafkaError
from eventsourcing.persistence import PersistenceError

from shared.events import Event
from shared.eventstore.store import Conflict, Store
from shared.kafka.chain import Checked, Checkpoint, Dead, Place, check_chain
from shared.kafka.progress import advance
from shared.kafka.records import ConsumerRecord
from shared.kafka.topics import Cluster
from shared.keys.follower import KeyFollower
from shared.keys.keyring import KeyMissing, Keyring
from shared.postgres.pools import Pool
from shared.projections import checkpoints
from shared.projections.decoding import open_events
from shared.projections.fold import Opened
from shared.projections.sink import Gaps, PublishDead, Reading
from shared.telemetry import redacted

TRIES = 5


class NotYet(Exception):
    """Something that the policy needs is on its way: the batch is read again until it is there."""


AWAITED = (NotYet, KeyMissing, Conflict, PersistenceError, psycopg.Error, KafkaError, OSError)
"""Errors that say nothing against a record: it is tried again."""


React = Callable[[Store, Sequence[Opened]], Sequence[Event]]


@dataclass(frozen=True)
class Policy:
    """A reaction to events of other services: new events and the checkpoint in one commit.

    `react` gets the store and a batch, and answers events whose ids follow from what caused them.
    """

    name: str
    reads: tuple[type[Event], ...]
    react: React

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(sorted({event.topic for event in self.reads}))

    @property
    def types(self) -> frozenset[str]:
        return frozenset(event.type for event in self.reads)


class PolicySink:
    """Reacts in a thread, as the store is synchronous, and saves events with the progress that they stand for.

    A record to which it cannot react is set aside; where a server or another consumer is awaited, it tries again.
    """

    def __init__(
        self, policy: Policy, store: Store, cluster: Cluster, pool: Pool, keyring: Keyring, keys: KeyFollower | None
    ) -> None:
        self.name, self.policy = policy.name, policy
        self.readings = [Reading("policy", policy.name, frozenset(map(cluster.name, policy.topics)), policy.types)]
        self._store, self._pool, self._keyring, self._keys = store, pool, keyring, keys

    async def checkpoints(self) -> dict[str, dict[Place, Checkpoint]]:
        async with self._pool.connection() as conn:
            return {self.name: await checkpoints.read(conn, self.name)}

    async def take(self, batch: Sequence[ConsumerRecord], publish_dead: PublishDead) -> Gaps:
        found = check_chain(self.name, batch, (await self.checkpoints())[self.name], self.policy.types)
        opened = await open_events(found, self._keyring, self._keys)
        if found.dead:
            await publish_dead(self.name, found.dead)
        try:
            said = bool(opened) and await self.react(opened, found)
        except AWAITED:
            raise
        except Exception:
            opened, dead = await asyncio.to_thread(self._without_poison, opened, found)
            if not dead:
                raise
            await publish_dead(self.name, dead)
            said = bool(opened) and await self.react(opened, found)
        if not said and found.advances:
            async with self._pool.connection() as conn, conn.transaction():
                await advance(conn, found.advances)
        return {self.name: found.gap}

    async def react(self, opened: Sequence[Opened], found: Checked) -> bool:
        """True where there was something to say, and to save: that locks the events against other saves."""
        try:
            return await asyncio.to_thread(self._react_now, opened, found)
        except KeyMissing as missing:
            if self._keys is None or missing.person in await self._keys.fetch({missing.person}):
                raise
            return await asyncio.to_thread(self._react_now, opened, found)

    def _without_poison(self, opened: Sequence[Opened], found: Checked) -> tuple[list[Opened], list[Dead]]:
        """The records that it can react to alone, and those that it cannot; nothing is saved."""
        fit: list[Opened] = []
        dead: list[Dead] = []
        for one in opened:
            try:
                self.policy.react(self._store, [one])
            except AWAITED:
                raise
            except Exception as error:
                dead.append(Dead(found.raws[one[0].id], redacted(error)))
            else:
                fit.append(one)
        return fit, dead

    def _react_now(self, opened: Sequence[Opened], found: Checked) -> bool:
        traces = {record.id: record.trace for record in found.records if record.trace}
        for _ in range(TRIES):
            events = self.policy.react(self._store, opened)
            caused = {event.id: traces[event.caused_by] for event in events if event.caused_by in traces}
            with suppress(Conflict):
                if events:
                    self._store.put(events, traces=caused, advances=found.advances)
                return bool(events)
        raise Conflict(f"what {self.name} reacts to changes faster than it can react")
