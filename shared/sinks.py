"""The two things that take batches in: a view's live generation, and a policy."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from shared import generations
from shared.consumer import LetterBox
from shared.events import Event
from shared.key_follower import KeyFollower
from shared.keys import KeyMissing, Keyring
from shared.progress import Advance, OutOfOrder
from shared.projection import Opened, Poison, fold
from shared.records import ConsumerRecord, Record
from shared.sifting import Dead, GapFound, Place, Sifted, Stand, open_events, sift
from shared.store import Conflict, Store
from shared.telemetry import span, told
from shared.view import View

Pool = AsyncConnectionPool[psycopg.AsyncConnection[Any]]
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


class ViewSink:
    """Folds into whichever generation is live, and writes rows and progress in one transaction."""

    def __init__(self, view: View, pool: Pool, keyring: Keyring, keys: KeyFollower | None) -> None:
        self.name, self.topics, self.view = view.name, view.topics, view
        self._pool, self._keyring, self._keys = pool, keyring, keys

    async def take(
        self, batch: Sequence[ConsumerRecord], bury: LetterBox
    ) -> tuple[dict[Place, Stand], GapFound | None]:
        async with self._pool.connection() as conn, conn.transaction():
            generation = (await generations.live(conn, self.view)).generation
            return await take_in(conn, self.view, generation, batch, self._keyring, self._keys, bury)


async def take_in(
    conn: Any, view: View, generation: int, batch: Sequence[ConsumerRecord],
    keyring: Keyring, keys: KeyFollower | None, bury: LetterBox,
) -> tuple[dict[Place, Stand], GapFound | None]:  # fmt: skip
    """One batch into one generation, in the caller's transaction; used live and by rebuilds."""
    name = generations.consumer_name(view, generation)
    found = sift(name, batch, await generations.stands(conn, name), view.types)
    opened = await open_events(found, keyring, keys)
    with ExitStack() as stack:
        follow_traces(f"view {view.name}", found.records, stack)
        await _fold_around_poison(conn, view, generation, opened, found)
    await _advance(conn, found.advances)
    if found.dead:
        await bury(found.dead)
    return _reached(found), found.gap


async def _advance(conn: Any, advances: Sequence[Advance]) -> None:
    """All partitions in one round trip."""
    if advances:
        async with conn.cursor() as cursor:
            await cursor.executemany(Advance.STATEMENT, [advance.values for advance in advances])
            if cursor.rowcount != len(advances):
                raise OutOfOrder(f"another owner of {advances[0].consumer} has advanced")


async def _fold_around_poison(conn: Any, view: View, generation: int, opened: list[Opened], found: Sifted) -> None:
    while True:
        try:
            async with conn.transaction():
                await fold(conn, view, generation, opened)
        except Poison as poison:
            found.dead.append(Dead(found.raws[poison.record.id], str(poison)))
            opened = [(record, event) for record, event in opened if record is not poison.record]
        except psycopg.DataError as error:
            if len(opened) == 1:
                found.dead.append(Dead(found.raws[opened[0][0].id], told(error)))
                return
            for one in opened:
                await _fold_around_poison(conn, view, generation, [one], found)
            return
        else:
            return


class PolicySink:
    """Reacts in a thread, as the store is synchronous, and saves events with the progress that they stand for."""

    def __init__(self, policy: Policy, store: Store, pool: Pool, keyring: Keyring, keys: KeyFollower | None) -> None:
        self.name, self.topics, self.policy = policy.name, policy.topics, policy
        self._store, self._pool, self._keyring, self._keys = store, pool, keyring, keys

    async def take(
        self, batch: Sequence[ConsumerRecord], bury: LetterBox
    ) -> tuple[dict[Place, Stand], GapFound | None]:
        async with self._pool.connection() as conn:
            stands = await generations.stands(conn, self.name)
        found = sift(self.name, batch, stands, self.policy.types)
        opened = await open_events(found, self._keyring, self._keys)
        if found.dead:
            await bury(found.dead)
        try:
            await asyncio.to_thread(self._react, opened, found)
        except KeyMissing as missing:
            if self._keys is None or missing.person in await self._keys.fetch({missing.person}):
                raise
            await asyncio.to_thread(self._react, opened, found)
        return _reached(found), found.gap

    def _react(self, opened: Sequence[Opened], found: Sifted) -> None:
        with ExitStack() as stack:
            follow_traces(f"policy {self.name}", found.records, stack)
            traces = {record.id: record.trace for record in found.records if record.trace}
            for attempt in range(5):
                events = self.policy.react(self._store, opened) if opened else []
                caused = {
                    f"{e.originator_id}/{e.originator_version}": traces[e.caused_by]
                    for e in events
                    if e.caused_by in traces
                }
                try:
                    if events or found.advances:
                        self._store.put(events, traces=caused, advances=found.advances)
                except Conflict:
                    if attempt == 4:
                        raise
                else:
                    return


def _reached(found: Sifted) -> dict[Place, Stand]:
    return {(a.topic, a.partition): (a.position, a.next_offset) for a in found.advances}
