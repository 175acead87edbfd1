"""Rebuild a view next to the live one from the beginning of the log, compare the two, switch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition
from psycopg.sql import SQL, Identifier

from shared.gc_tuning import tune_gc
from shared.kafka.chain import Dead, GapFound, Place, check_chain
from shared.kafka.clients import WHOLE_LOG, partitions, read_to, reader
from shared.kafka.records import ConsumerRecord, read_all
from shared.kafka.topics import Cluster
from shared.keys.follower import KeyFollower
from shared.keys.keyring import Keyring
from shared.postgres.pools import Pool
from shared.projections import checkpoints, tables, versions
from shared.projections.fold import table_name
from shared.projections.view import View
from shared.projections.view_sink import take_in

BATCH = 20_000
"""Records that are folded at once: the more, the fewer rows are written twice."""
Progress = Callable[[int, int], None]


class LogCutShort(Exception):
    """Kafka has not all that the live view has read, so nothing is built from it."""

    def __init__(self, place: Place) -> None:
        super().__init__(
            f"{place[0]}/{place[1]} ends before what the view has read: Kafka has lost records."
            " `recourse kafka rebuild` sends them again."
        )


@dataclass(frozen=True)
class Rebuilt:
    """The result; `differences` are keys of rows that are not the same in both.

    `gap` says what keeps the view from reading on: it is whole up to there, and no further.
    """

    view: str
    records: int
    rows: int
    differences: tuple[str, ...]
    switched: bool
    gap: str | None = None


async def rebuild(
    view: View, pool: Pool, cluster: Cluster, keyring: Keyring, keys: KeyFollower | None,
    *, verify: bool = False, progress: Progress = lambda done, total: None,
) -> Rebuilt:  # fmt: skip
    """Read all, catch up while the live view waits, compare if asked, and switch unless they differ."""
    tune_gc()
    async with versions.building(pool, view) as generation:
        reader = _Reader(view, generation, pool, cluster, keyring, keys)
        try:
            await reader.start()
            await reader.read_to(await reader.ends(), progress)
            await reader.index()
            async with pool.connection() as conn, conn.transaction():
                await versions.hold(conn, view)
                live = (await checkpoints.lock(conn, [view]))[view.name]
                await reader.read_to({place: at.next_offset for place, at in live.checkpoints.items()}, progress)
                differences = await _differences(conn, view, live.generation, generation) if verify else ()
                rows = await _count(conn, view, generation)
                if not differences:
                    await versions.switch(conn, view, generation)
                    if verify:
                        await conn.execute("update views set verified_at = now() where name = %s", [view.name])
            gap = await reader.gap()
        finally:
            await reader.stop()
    return Rebuilt(view.name, reader.done, rows, differences, not differences, str(gap) if gap else None)


class _Reader:
    """Reads the view's topics from the beginning into one generation."""

    def __init__(
        self,
        view: View,
        generation: int,
        pool: Pool,
        cluster: Cluster,
        keyring: Keyring,
        keys: KeyFollower | None,
    ):
        self._view, self._generation, self._pool = view, generation, pool
        self._keyring, self._keys = keyring, keys
        self._topics = tuple(map(cluster.name, view.topics))
        self._kafka = reader(cluster, **WHOLE_LOG)
        self.done = 0
        self._there: dict[TopicPartition, int] = {}
        self._sought: GapFound | None = None

    async def start(self) -> None:
        await self._kafka.start()
        self._kafka.assign(await partitions(self._kafka, *self._topics))

    async def stop(self) -> None:
        await self._kafka.stop()

    async def ends(self) -> dict[Place, int]:
        """The live view's progress: what it has not seen yet is not compared."""
        async with self._pool.connection() as conn:
            live = await versions.prepare(conn, self._view)
            found = await checkpoints.read(conn, self._view.consumer(live.generation))
        return {place: at.next_offset for place, at in found.items()}

    async def read_to(self, ends: dict[Place, int], progress: Progress) -> None:
        """Fold every record below the given offsets; raises `LogCutShort`."""
        await self._find(ends)
        total = self.done + sum([max(0, end - await self._at(place)) for place, end in ends.items()])
        batch: list[ConsumerRecord] = []
        async for some in read_to(self._kafka, {TopicPartition(*place): end for place, end in ends.items()}, BATCH):
            batch += some
            if len(batch) >= BATCH:
                await self._take(batch)
                progress(self.done, total)
                batch = []
        if batch:
            await self._take(batch)
            progress(self.done, total)

    async def _find(self, ends: dict[Place, int]) -> None:
        """Kafka is asked where the log ends only for what is new: it answers after the fetch that waits for more."""
        wanted = {TopicPartition(*place): end for place, end in ends.items()}
        if any(self._there.get(place, 0) < end for place, end in wanted.items()):
            self._there = await self._kafka.end_offsets(self._kafka.assignment())
        for place, end in wanted.items():
            if self._there.get(place, 0) < end:
                raise LogCutShort((place.topic, place.partition))

    async def gap(self) -> GapFound | None:
        """The gap between the view's checkpoint and the next record of the log, if there is one."""
        ahead = {place for place, end in self._there.items() if await self._kafka.position(place) < end}
        batch: list[ConsumerRecord] = []
        while ahead:
            for place, records in (await self._kafka.getmany(*ahead, timeout_ms=1000)).items():
                ahead.discard(place)
                batch += records
        async with self._pool.connection() as conn:
            read_to = await checkpoints.read(conn, self._view.consumer(self._generation))
        return check_chain(self._view.name, read_all(batch), read_to, frozenset()).gap

    async def index(self) -> None:
        async with self._pool.connection() as conn:
            await tables.index(conn, self._view, self._generation)

    async def _at(self, place: Place) -> int:
        position: int = await self._kafka.position(TopicPartition(*place))
        return position

    async def _take(self, batch: Sequence[ConsumerRecord]) -> None:
        records = read_all(batch)
        async with self._pool.connection() as conn, conn.transaction():
            gap = await take_in(conn, self._view, self._generation, records, self._keyring, self._keys, _ignore)
        if gap is not None:
            if gap == self._sought:
                raise gap
            self._kafka.seek(TopicPartition(*gap.place), gap.next_offset)  # what follows it may show a stranger
        self._sought = gap
        self.done += len(batch)


async def _ignore(name: str, dead: Sequence[Dead]) -> None:
    """Records that cannot be read were set aside when the live view met them."""


async def _differences(conn: Any, view: View, old: int, new: int) -> tuple[str, ...]:
    """Keys of rows that are not the same, at most 20 per table."""
    names: list[str] = []
    for table in view.tables:
        a, b = table_name(table, old), table_name(table, new)
        found = await conn.execute(
            SQL(
                "select distinct {key}::text from ((select * from {a} except select * from {b})"
                " union all (select * from {b} except select * from {a})) d order by 1 limit 20"
            ).format(key=Identifier(table.key), a=a, b=b)
        )
        names += [f"{table.name} {row[0]}" for row in await found.fetchall()]
    return tuple(names)


async def _count(conn: Any, view: View, generation: int) -> int:
    total = 0
    for table in view.tables:
        found = await conn.execute(SQL("select count(*) from {}").format(table_name(table, generation)))
        row = await found.fetchone()
        total += row[0]
    return total
