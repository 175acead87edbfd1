"""Seals the log: at intervals where something is new, and whenever somebody asks for it."""

import asyncio
from typing import Any, cast

from services.reporting.audit.check import Head
from services.reporting.audit.log import tiles
from services.reporting.audit.log.growing import grow, partitions, reader
from services.reporting.audit.seal import SEAL, Seal, SealKey, evolve, seal, sealed_heads
from services.reporting.settings import ReportingSettings
from shared.events import Event, Provenance
from shared.eventstore.store import Saved
from shared.postgres.leader import leading
from shared.problems import RuleBroken, Unavailable
from shared.service.runtime import Runtime
from shared.telemetry import log

AUTOMATIC = "reporting.seal"


class NoSealKey(Unavailable):
    """This installation has no checkpoint key. Set RECOURSE_SEAL_KEY, or RECOURSE_SEAL_KEY_FILE, for reporting."""


class Sealer:
    """One at a time over all replicas (advisory lock)."""

    def __init__(self, runtime: Runtime) -> None:
        settings = ReportingSettings.of(runtime.settings)
        self.runtime, self.every = runtime, settings.seal_every
        self.key = SealKey.of(bytes.fromhex(settings.seal_key), settings.url) if settings.seal_key else None

    async def run(self) -> None:
        """For ever; a log that is broken is not sealed, and said to be so."""
        while self.key:
            last = await self.last()
            due = (last.at.timestamp() + self.every - self.runtime.clock.now().timestamp()) if last else 0
            if due > 0:
                await asyncio.sleep(due)
                continue
            try:
                made = await self._seal(AUTOMATIC, after=self.every)
            except RuleBroken as broken:
                log.error("the log is not sealed", why=str(broken))
                made = []
            await asyncio.sleep(0 if made else self.every)
        await asyncio.Event().wait()

    async def seal(self, actor: str) -> tuple[Seal, list[Saved]]:
        """A checkpoint of all that is in the log now."""
        saved = await self._seal(actor)
        return evolve(None, saved[-1].event), saved

    async def last(self) -> Seal | None:
        """As the event table says, ahead of any view."""
        recorder, mapper = self.runtime.store.recorder, self.runtime.store.mapper
        found = await asyncio.to_thread(recorder.select_events, SEAL, desc=True, limit=1)
        return evolve(None, cast(Event, mapper.to_domain_event(found[0]))) if found else None

    async def _seal(self, actor: str, after: float = 0) -> list[Saved]:
        """With `after`, only where the last is older (seconds), and something but that checkpoint itself is new."""
        if self.key is None:
            raise NoSealKey
        async with leading(self.runtime.settings.postgres, "seal") as conn:
            await conn.execute(tiles.SCHEMA)
            last = await self.last()
            if after and last and self.runtime.clock.now().timestamp() < last.at.timestamp() + after:
                return []
            heads, before = await self._heads(conn, sealed_heads(last.note) if last else {})
            if after and sum(head.size for head in heads.values()) <= (last.size + 1 if last else 0):
                return []
            return await self.runtime.commits.save(
                seal(last, heads, before, self.key, Provenance(actor, self.runtime.clock.now()))
            )

    async def _heads(self, conn: Any, sealed: dict[str, Head]) -> tuple[dict[str, Head], dict[str, Head]]:
        """Of every partition as it is now, and as it was at the size that was sealed last."""
        heads, before = {}, {}
        cluster = self.runtime.settings.cluster
        async with reader(cluster) as kafka:
            for place in await partitions(kafka, cluster):
                topic = place.topic.removeprefix(cluster.prefix)
                name, size = f"{topic}/{place.partition}", await grow(conn, kafka, place, topic)
                old = sealed.get(name, Head(0, b"")).size
                tree = await tiles.load(conn, topic, place.partition, tiles.around((), size, old))
                heads[name] = tree.head(size)
                if 0 < old <= size:
                    before[name] = tree.head(old)
        return heads, before
