"""The two things that take batches in: a view's live generation, and a policy."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import psycopg

from shared.events.people import PersonErased
from shared.kafka.chain import Dead, GapFound, Place, Sifted, Stand, sift
from shared.kafka.progress import advance
from shared.kafka.records import ConsumerRecord, Record
from shared.kafka.topics import Cluster
from shared.keys.follower import KeyFollower
from shared.keys.keyring import Keyring
from shared.postgres.pools import Pool
from shared.projections import versions
from shared.projections.consumer import Bury, Gaps, OtherVersion
from shared.projections.decoding import follow_traces, open_events
from shared.projections.fold import Opened, Poison, fold
from shared.projections.view import View
from shared.telemetry import told

FoldIn = Callable[[Any, View, int, list[Opened], Sifted], Awaitable[None]]
UNFIT = (psycopg.DataError, psycopg.IntegrityError)
"""What the database says of a row that it cannot hold."""


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
            return {name: at.places for name, at in (await versions.standing(conn, self._views)).items()}

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
            standing = await versions.standing(conn, views)
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
            await advance(conn, advances)
            for name, one in found.items():
                if one.dead:
                    await bury(name, one.dead)
            if tells_of_an_erasure(batch):
                await versions.mark_erasure(conn, views)
                for view in views:
                    await versions.drop_abandoned(conn, view)
        return {name: one.gap for name, one in found.items()}

    async def _hear(self, standing: Mapping[str, versions.Standing]) -> None:
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
    stands = await versions.stands(conn, versions.consumer_name(view, generation))
    found = await _take_part(conn, view, generation, stands, batch, keyring, keys, _fold_around_poison)
    await advance(conn, found.advances)
    if found.dead:
        await bury(view.name, found.dead)
    return found.gap


async def _take_part(
    conn: Any, view: View, generation: int, stands: Mapping[Place, Stand], batch: Sequence[ConsumerRecord],
    keyring: Keyring, keys: KeyFollower | None, fold_in: FoldIn,
) -> Sifted:  # fmt: skip
    found = sift(versions.consumer_name(view, generation), batch, stands, view.types)
    opened = await open_events(found, keyring, keys)
    with ExitStack() as stack:
        follow_traces(f"view {view.name}", found.records, stack)
        await fold_in(conn, view, generation, opened, found)
    return found


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
