"""Read your writes: a write answers where it came to stand, a read may wait until its view has seen that."""

import asyncio
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from shared.eventstore.store import Saved
from shared.kafka.chain import BEGINNING, Place
from shared.kafka.topics import Cluster, partition_of
from shared.keys.follower import KeyFollower
from shared.postgres.pools import Pool
from shared.problems import Unavailable, Unprocessable
from shared.projections.batching import BatchDelay
from shared.projections.checkpoints import read_live
from shared.projections.view import View

TOKEN = re.compile(r"([a-z0-9._-]{1,200})/(\d{1,4}):(\d{1,18})")
WAIT = 5.0


class Positions:
    """Tokens like `cases/2:55`: topic, partition, position."""

    def __init__(self, pool: Pool, keys: KeyFollower, cluster: Cluster, delay: BatchDelay) -> None:
        self._pool = pool
        self._keys = keys
        self._cluster = cluster
        self._delay = delay

    async def token(self, saved: Sequence[Saved]) -> str:
        """The position of the last of these."""
        last = saved[-1]
        return await self.token_of(last.event.topic, last.event.originator_id, last.position)

    async def token_of(self, topic: str, originator_id: UUID, position: int) -> str:
        name = self._cluster.name(topic)
        partitions = await self._keys.partitions(name)
        return f"{name}/{partition_of(str(originator_id).encode(), partitions)}:{position}"

    async def seen(self, at_least: str | None, first: View, *others: View) -> None:
        """Until `first` has seen the position, and each of the others that hears its topic."""
        await self.wait(first, at_least)
        topic = (at_least or "").rpartition("/")[0]
        for view in others:
            if topic in map(self._cluster.name, view.topics):
                await self.wait(view, at_least)

    async def settle(self, saved: Sequence[Saved], views: Sequence[View]) -> None:
        """Until pages show it, on every partition that it is on; where that takes long, it is done all the same."""
        latest: dict[str, int] = {}
        for one in saved:
            place, _, at = (await self.token([one])).rpartition(":")
            latest[place] = max(latest.get(place, 0), int(at))
        with suppress(Unavailable):
            for place, position in latest.items():
                await self.seen(f"{place}:{position}", *views)

    async def wait(self, view: View, at_least: str | None, seconds: float = WAIT) -> None:
        """Until the live view has seen the position; `Unavailable` where it does not come in time."""
        if at_least is None:
            return
        match = TOKEN.fullmatch(at_least)
        if match is None or match[1] not in map(self._cluster.name, view.topics):
            raise Unprocessable(f"at_least looks like `{view.topics[0]}/0:1`: the position that a write answered.")
        until, place = time.monotonic() + seconds, (match[1], int(match[2]))
        with self._delay.skipped():
            while await self._seen(view, place) < int(match[3]):
                if time.monotonic() > until:
                    raise Unavailable(f"The list is behind {at_least}. Nothing was lost; load it again in a moment.")
                await asyncio.sleep(0.02)

    async def _seen(self, view: View, place: Place) -> int:
        async with self._pool.connection() as conn:
            live = await read_live(conn, [view])
        return live[view.name].checkpoints.get(place, BEGINNING).position
