"""Folds batches into the live generations of a service's views."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import psycopg

from shared.events.people import PersonErased
from shared.kafka.chain import Checked, Checkpoint, Dead, GapFound, Place, check_chain
from shared.kafka.progress import advance
from shared.kafka.records import ConsumerRecord, Record
from shared.kafka.topics import Cluster
from shared.keys.follower import KeyFollower
from shared.keys.keyring import Keyring
from shared.postgres.pools import Pool
from shared.projections import checkpoints, versions
from shared.projections.checkpoints import Live
from shared.projections.decoding import open_events
from shared.projections.fold import Opened, Poison, fold
from shared.projections.sink import Gaps, OtherVersion, PublishDead, Reading
from shared.projections.view import View
from shared.telemetry import redacted

UNFIT = (psycopg.DataError, psycopg.IntegrityError)
"""Errors of the database for a row that it cannot hold."""


class ViewsSink:
    """Folds into whichever generations are live: rows and progress of all views of a service in one transaction.

    What a batch costs is mostly the number of its statements, and not of its records.
    """

    def __init__(
        self, views: Sequence[View], cluster: Cluster, pool: Pool, keyring: Keyring, keys: KeyFollower | None
    ) -> None:
        self.readings = [
            Reading("view", view.name, frozenset(map(cluster.name, view.topics)), view.types) for view in views
        ]
        self._views = views
        self._pool, self._keyring, self._keys = pool, keyring, keys
        self._heard: dict[str, tuple[int, UUID | None]] = {}
        """Generation and last known erasure, by view."""

    async def checkpoints(self) -> dict[str, dict[Place, Checkpoint]]:
        """Checkpoints of the live generations."""
        async with self._pool.connection() as conn:
            live = await checkpoints.read_live(conn, self._views)
        return {name: at.checkpoints for name, at in live.items()}

    async def take(self, batch: Sequence[ConsumerRecord], publish_dead: PublishDead) -> Gaps:
        """All at once; where a record cannot be folded, again with a way back to before each view."""
        if self._keys is not None and tells_of_an_erasure(batch):
            await self._keys.catch_up()
        try:
            return await self._take(batch, publish_dead, fold_around=False)
        except (Poison, *UNFIT):
            return await self._take(batch, publish_dead, fold_around=True)

    async def _take(self, batch: Sequence[ConsumerRecord], publish_dead: PublishDead, *, fold_around: bool) -> Gaps:
        ours = {one.of: [raw for raw in batch if raw.topic in one.topics] for one in self.readings}
        views = [view for view in self._views if ours[view.name]]
        async with self._pool.connection() as conn, conn.transaction():
            locked = await checkpoints.lock(conn, views)
            if other := [view.name for view in views if locked[view.name].version != view.version]:
                raise OtherVersion(f"another release has built {', '.join(other)} anew: restart this one")
            await self._hear(locked)
            found = {
                view.name: await _take_part(
                    conn, view, locked[view.name].generation, locked[view.name].checkpoints, ours[view.name],
                    self._keyring, self._keys, fold_around=fold_around,
                )
                for view in views
            }  # fmt: skip
            await advance(conn, [step for one in found.values() for step in one.advances])
            for name, one in found.items():
                if one.dead:
                    await publish_dead(name, one.dead)
            if tells_of_an_erasure(batch):
                await versions.mark_erasure(conn, views)
                for view in views:
                    await versions.drop_abandoned(conn, view)
        return {name: one.gap for name, one in found.items()}

    async def _hear(self, locked: Mapping[str, Live]) -> None:
        """Another process may have taken the words of somebody out whose key is still remembered here.

        While the views are held: who has not done it yet does so after this batch.
        """
        heard = {name: (at.generation, at.erasure) for name, at in locked.items()}
        if self._keys is not None and not heard.items() <= self._heard.items():
            await self._keys.catch_up()
            self._heard |= heard


def tells_of_an_erasure(batch: Sequence[ConsumerRecord]) -> bool:
    """Catch up with `people-keys`: a key's tombstone is published before `person.erased`, so this is enough."""
    return any(isinstance(raw, Record) and raw.type == PersonErased.type for raw in batch)


async def take_in(
    conn: Any, view: View, generation: int, batch: Sequence[ConsumerRecord],
    keyring: Keyring, keys: KeyFollower | None, publish_dead: PublishDead,
) -> GapFound | None:  # fmt: skip
    """One batch into one generation of one view, in the caller's transaction."""
    if tells_of_an_erasure(batch) and keys is not None:
        await keys.catch_up()
    read_to = await checkpoints.read(conn, view.consumer(generation))
    found = await _take_part(conn, view, generation, read_to, batch, keyring, keys, fold_around=True)
    await advance(conn, found.advances)
    if found.dead:
        await publish_dead(view.name, found.dead)
    return found.gap


async def _take_part(
    conn: Any, view: View, generation: int, read_to: Mapping[Place, Checkpoint], batch: Sequence[ConsumerRecord],
    keyring: Keyring, keys: KeyFollower | None, *, fold_around: bool,
) -> Checked:  # fmt: skip
    found = check_chain(view.consumer(generation), batch, read_to, view.types)
    opened = await open_events(found, keyring, keys)
    if fold_around:
        await _fold_around_poison(conn, view, generation, opened, found)
    else:
        await fold(conn, view, generation, opened)
    return found


async def _fold_around_poison(conn: Any, view: View, generation: int, opened: list[Opened], found: Checked) -> None:
    while True:
        try:
            async with conn.transaction():
                return await fold(conn, view, generation, opened)
        except Poison as poison:
            found.dead.append(Dead(found.raws[poison.record.id], str(poison)))
            opened = [(record, event) for record, event in opened if record is not poison.record]
        except UNFIT as error:
            if len(opened) == 1:
                return found.dead.append(Dead(found.raws[opened[0][0].id], redacted(error)))
            for one in opened:
                await _fold_around_poison(conn, view, generation, [one], found)
            return None
