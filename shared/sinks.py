"""The two things that take batches in: a view's live generation, and a policy."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from aiokafka.errors import KafkaError
from eventsourcing.persistence import PersistenceError

from shared import generations, progress
from shared.consumer import Bury, Gaps, OtherVersion
from shared.events import Event
from shared.events.people import PersonErased
from shared.key_follower import KeyFollower
from shared.keys import KeyMissing, Keyring
from shared.pools import Pool
from shared.progress import Advance
from shared.projection import Opened, Poison, fold
from shared.records import ConsumerRecord, Record
from shared.sifting import Dead, GapFound, Place, Sifted, Stand, open_events, sift
from shared.store import Conflict, Store
from shared.telemetry import span, told
from shared.topics import Cluster
from shared.view import View

FoldIn = Callable[[Any, View, int, list[Opened], Sifted], Awaitable[None]]
UNFIT = (psycopg.DataError, psycopg.IntegrityError)
"""What the database says of a row that it cannot hold."""
TRIES = 5


class NotYet(Exception):
    """What a policy needs is on its way to it: the batch is read again until it is there."""


AWAITED = (NotYet, KeyMissing, Conflict, PersistenceError, psycopg.Error, KafkaError, OSError)
"""What says nothing against a record: it is tried again."""
React = Callable[[Store, Sequence[Opened]], Sequence[Event]]


@dataclass(frozen=True)
class Policy:
    """When X happened there, do Y here: new events and progress in one commit.

    `react` gets the store and a batch, and answers events whose ids follow from what caused them.
    """

    name: str
    reads: tuple[type[Event], ...]
    react: React
    topics: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "topics", tuple(sorted({event.topic for event in self.reads})))

    @property
    def types(self) -> frozenset[str]:
        return frozenset(event.type for event in self.reads)


def follow_traces(name: str, records: Sequence[Record], stack: ExitStack) -> None:
    """One span per traced record, for as long as the batch takes."""
    for record in records:
        if record.trace:
            stack.enter_context(span(name, {"type": record.type, "position": record.position}, record.trace))


class ViewsSink:
    """Folds into whichever generations are live: rows and progress of all views of a service in one transaction.

    What a batch costs is mostly the number of its statements, and not of its records.
    """

    def __init__(
        self, views: Sequence[View], cluster: Cluster, pool: Pool, keyring: Keyring, keys: KeyFollower
    ) -> None:
        self.reads = {view.name: frozenset(map(cluster.name, view.topics)) for view in views}
        self._views = views
        self._pool, self._keyring, self._keys = pool, keyring, keys
        self._heard: dict[str, tuple[int, UUID | None]] = {}
        """By view: the generation and the last erasure in it that this process knows of."""

    async def stands(self) -> dict[str, dict[Place, Stand]]:
        """Where the live generations stand."""
        async with self._pool.connection() as conn:
            return {name: at.places for name, at in (await generations.standing(conn, self._views)).items()}

    async def take(self, batch: Sequence[ConsumerRecord], bury: Bury) -> Gaps:
        """All at once; where a record cannot be folded, again with a way back to before each view."""
        if tells_of_an_erasure(batch):
            await self._keys.catch_up()
        try:
            return await self._take(batch, bury, _fold)
        except (Poison, *UNFIT):
            return await self._take(batch, bury, _fold_around_poison)

    async def _take(self, batch: Sequence[ConsumerRecord], bury: Bury, fold_in: FoldIn) -> Gaps:
        ours = {name: [raw for raw in batch if raw.topic in topics] for name, topics in self.reads.items()}
        views = [view for view in self._views if ours[view.name]]
        async with self._pool.connection() as conn, conn.transaction():
            standing = await generations.standing(conn, views)
            if other := [view.name for view in views if standing[view.name].version != view.version]:
                raise OtherVersion(f"another release has built {', '.join(other)} anew: restart this one")
            await self._hear(standing)
            found = {
                view.name: await _take_part(
                    conn, view, standing[view.name].generation, standing[view.name].places, ours[view.name],
                    self._keyring, self._keys, fold_in,
                )
                for view in views
            }  # fmt: skip
            advances = [advance for one in found.values() for advance in one.advances]
            await _advance(conn, advances)
            for name, one in found.items():
                if one.dead:
                    await bury(name, one.dead)
            if tells_of_an_erasure(batch):
                await generations.mark_erasure(conn, views)
                for view in views:
                    await generations.drop_abandoned(conn, view)
        return {name: one.gap for name, one in found.items()}

    async def _hear(self, standing: Mapping[str, generations.Standing]) -> None:
        """Another process may have taken the words of somebody out whose key is still remembered here.

        While the views are held: who has not done it yet does so after this batch.
        """
        heard = {name: (at.generation, at.erasure) for name, at in standing.items()}
        if not heard.items() <= self._heard.items():
            await self._keys.catch_up()
            self._heard |= heard


def tells_of_an_erasure(batch: Sequence[ConsumerRecord]) -> bool:
    """That a key is destroyed is sent before that its person is erased: who catches up with keys now, knows it."""
    return any(isinstance(raw, Record) and raw.type == PersonErased.type for raw in batch)


async def take_in(
    conn: Any, view: View, generation: int, batch: Sequence[ConsumerRecord],
    keyring: Keyring, keys: KeyFollower | None, bury: Bury,
) -> GapFound | None:  # fmt: skip
    """One batch into one generation of one view, in the caller's transaction."""
    if tells_of_an_erasure(batch) and keys is not None:
        await keys.catch_up()
    stands = await generations.stands(conn, generations.consumer_name(view, generation))
    found = await _take_part(conn, view, generation, stands, batch, keyring, keys, _fold_around_poison)
    await _advance(conn, found.advances)
    if found.dead:
        await bury(view.name, found.dead)
    return found.gap


async def _take_part(
    conn: Any, view: View, generation: int, stands: Mapping[Place, Stand], batch: Sequence[ConsumerRecord],
    keyring: Keyring, keys: KeyFollower | None, fold_in: FoldIn,
) -> Sifted:  # fmt: skip
    found = sift(generations.consumer_name(view, generation), batch, stands, view.types)
    opened = await open_events(found, keyring, keys)
    with ExitStack() as stack:
        follow_traces(f"view {view.name}", found.records, stack)
        await fold_in(conn, view, generation, opened, found)
    return found


async def _advance(conn: Any, advances: Sequence[Advance]) -> None:
    if advances:
        async with conn.cursor() as cursor:
            await progress.write_async(cursor, advances)


async def _fold(conn: Any, view: View, generation: int, opened: list[Opened], found: Sifted) -> None:
    await fold(conn, view, generation, opened)


async def _fold_around_poison(conn: Any, view: View, generation: int, opened: list[Opened], found: Sifted) -> None:
    while True:
        try:
            async with conn.transaction():
                await fold(conn, view, generation, opened)
        except Poison as poison:
            found.dead.append(Dead(found.raws[poison.record.id], str(poison)))
            opened = [(record, event) for record, event in opened if record is not poison.record]
        except UNFIT as error:
            if len(opened) == 1:
                found.dead.append(Dead(found.raws[opened[0][0].id], told(error)))
                return
            for one in opened:
                await _fold_around_poison(conn, view, generation, [one], found)
            return
        else:
            return


class PolicySink:
    """Reacts in a thread, as the store is synchronous, and saves events with the progress that they stand for.

    A record to which it cannot react is set aside; where a server or another consumer is awaited, it tries again.
    """

    def __init__(
        self, policy: Policy, store: Store, cluster: Cluster, pool: Pool, keyring: Keyring, keys: KeyFollower | None
    ) -> None:
        self.name, self.policy = policy.name, policy
        self.reads = {policy.name: frozenset(map(cluster.name, policy.topics))}
        self._store, self._pool, self._keyring, self._keys = store, pool, keyring, keys

    async def stands(self) -> dict[str, dict[Place, Stand]]:
        async with self._pool.connection() as conn:
            return {self.name: await generations.stands(conn, self.name)}

    async def take(self, batch: Sequence[ConsumerRecord], bury: Bury) -> Gaps:
        found = sift(self.name, batch, (await self.stands())[self.name], self.policy.types)
        opened = await open_events(found, self._keyring, self._keys)
        if found.dead:
            await bury(self.name, found.dead)
        try:
            said = bool(opened) and await self.react(opened, found)
        except AWAITED:
            raise
        except Exception:
            opened, dead = await asyncio.to_thread(self._without_poison, opened, found)
            if not dead:
                raise
            await bury(self.name, dead)
            said = bool(opened) and await self.react(opened, found)
        if not said and found.advances:
            async with self._pool.connection() as conn, conn.transaction():
                await _advance(conn, found.advances)
        return {self.name: found.gap}

    async def react(self, opened: Sequence[Opened], found: Sifted) -> bool:
        """Whether there was something to say, and to save: that locks the events against other saves."""
        try:
            return await asyncio.to_thread(self._react_now, opened, found)
        except KeyMissing as missing:
            if self._keys is None or missing.person in await self._keys.fetch({missing.person}):
                raise
            return await asyncio.to_thread(self._react_now, opened, found)

    def _without_poison(self, opened: Sequence[Opened], found: Sifted) -> tuple[list[Opened], list[Dead]]:
        """Which records it can react to alone, and which it cannot; nothing is saved."""
        fit: list[Opened] = []
        dead: list[Dead] = []
        for one in opened:
            try:
                self.policy.react(self._store, [one])
            except AWAITED:
                raise
            except Exception as error:
                dead.append(Dead(found.raws[one[0].id], told(error)))
            else:
                fit.append(one)
        return fit, dead

    def _react_now(self, opened: Sequence[Opened], found: Sifted) -> bool:
        with ExitStack() as stack:
            follow_traces(f"policy {self.name}", found.records, stack)
            traces = {record.id: record.trace for record in found.records if record.trace}
            for _ in range(TRIES):
                events = self.policy.react(self._store, opened)
                caused = {
                    f"{e.originator_id}/{e.originator_version}": traces[e.caused_by]
                    for e in events
                    if e.caused_by in traces
                }
                with suppress(Conflict):
                    if events:
                        self._store.put(events, traces=caused, advances=found.advances)
                    return bool(events)
        raise Conflict(f"what {self.name} reacts to changes faster than it can react")
