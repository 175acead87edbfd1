"""The views and policies of a service as subscribers of its one broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from shared.eventstore.store import Store
from shared.kafka.broker import connected, make_broker
from shared.keys.follower import KeyFollower
from shared.keys.keyring import Keyring
from shared.postgres.leader import leading
from shared.postgres.pools import Pool
from shared.projections import versions
from shared.projections.batching import BatchDelay
from shared.projections.consumer import Consumer
from shared.projections.policies import Policy, PolicySink
from shared.projections.rebuild import rebuild
from shared.projections.sink import Reading, Sink
from shared.projections.view import View
from shared.projections.view_sink import ViewsSink
from shared.service.settings import Settings
from shared.telemetry import log

Worker = Callable[[], Awaitable[None]]


@dataclass
class Bus:
    """One consumer for all views, one for each policy: a policy may wait for what another does."""

    service: str
    settings: Settings
    views: Sequence[View]
    policies: Sequence[Policy]
    pool: Pool
    keyring: Keyring
    delay: BatchDelay

    def __post_init__(self) -> None:
        self.broker = make_broker(self.settings.cluster)
        self.consumers: list[Consumer] = []
        self.readings: list[Reading] = []
        self.rebuilding: set[str] = set()

    async def prepare(self) -> None:
        """Make the tables of each view; one of an older version is rebuilt before it is followed."""
        async with self.pool.connection() as conn:
            for view in self.views:
                if (await versions.prepare(conn, view)).version != view.version:
                    self.rebuilding.add(view.name)

    def subscribe(self, store: Store, keys: KeyFollower | None) -> None:
        """Let the broker know them; without `keys` only what the keyring opens is read."""
        if following := [view for view in self.views if view.name not in self.rebuilding]:
            self._add("views", self._views_sink(following, keys))
        for policy in self.policies:
            at = self.settings.cluster
            self._add(policy.name, PolicySink(policy, store, at, self.pool, self.keyring, keys))

    @asynccontextmanager
    async def running(self, store: Store, keys: KeyFollower) -> AsyncIterator[None]:
        async with connected(self.broker):
            self.subscribe(store, keys)
            for consumer in self.consumers:
                consumer.start()
            try:
                yield
            finally:
                await asyncio.gather(*[consumer.stop() for consumer in self.consumers])

    def rebuilds(self, keys: KeyFollower) -> list[Worker]:
        """Build each outdated view anew, then follow it."""
        return [partial(self._rebuild, view, keys) for view in self.views if view.name in self.rebuilding]

    async def _rebuild(self, view: View, keys: KeyFollower) -> None:
        """The fold has changed: build the new version beside the live one, switch, and only then follow.

        One process does it for all of its service.
        """
        if view.name in self.rebuilding:
            async with leading(self.settings.postgres, f"renew {view.name}") as conn:
                if (await versions.prepare(conn, view)).version != view.version:  # another process has not done it
                    done = await rebuild(view, self.pool, self.settings.cluster, self.keyring, keys)
                    log.info("view rebuilt", view=view.name, version=view.version, records=done.records)
            self._add(view.name, self._views_sink([view], keys)).start()
            self.rebuilding.discard(view.name)
        await asyncio.sleep(3600)

    def _views_sink(self, views: Sequence[View], keys: KeyFollower | None) -> ViewsSink:
        return ViewsSink(views, self.settings.cluster, self.pool, self.keyring, keys)

    def _add(self, purpose: str, sink: Sink) -> Consumer:
        consumer = Consumer(self.service, purpose, sink, self.settings.cluster, self.delay, self.broker)
        self.consumers.append(consumer)
        self.readings += consumer.readings
        return consumer
