"""Rebuild a view next to the live one from the beginning of the log, compare the two, switch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.gc_tuning import tune_gc
from shared.kafka.chain import Dead, GapFound, Place, check_chain
from shared.kafka.clients import WHOLE_LOG, partitions, read_to, reader
from shared.kafka.records import ConsumerRecord, read_all
from shared.kafka.topics import Cluster
from shared.keys.follower import KeyFollower
from shared.keys.keyring import Keyring
from shared.postgres.pools import Pool
from shared.projections import checkpoints, tables, versions
from shared.projections.checkpoints import Live
from shared.projections.fold import statement, table_name
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
    async with versions.building(pool, view) as generation, reader(cluster, **WHOLE_LOG) as kafka:
        kafka.assign(await partitions(kafka, *map(cluster.name, view.topics)))
        build = _Build(view, generation, pool, kafka, keyring, keys, progress)
        async with pool.connection() as conn:
            live = (await checkpoints.read_live(conn, [view]))[view.name]
        await build.read_to(live)  # what it has not seen yet is not compared
        async with pool.connection() as conn:
            await tables.index(conn, view, generation)
        async with pool.connection() as conn, conn.transaction():
            await versions.hold(conn, view)
            live = (await checkpoints.lock(conn, [view]))[view.name]
            await build.read_to(live)
            differences = await _differences(conn, view, live.generation, generation) if verify else ()
            rows = await _count(conn, view, generation)
            if not differences:
                await versions.switch(conn, view, generation)
                if verify:
                    await conn.execute("update views set verified_at = now() where name = %s", [view.name])
        gap = await build.gap()
    return Rebuilt(view.name, build.done, rows, differences, not differences, str(gap) if gap else None)


@dataclass
class _Build:
    """One generation, folded from the beginning of the view's topics."""

    view: View
    generation: int
    pool: Pool
    kafka: AIOKafkaConsumer
    keyring: Keyring
    keys: KeyFollower | None
    progress: Progress
    done: int = 0
    ends: dict[TopicPartition, int] = field(default_factory=dict)
    sought: GapFound | None = None

    async def read_to(self, live: Live) -> None:
        """Fold every record that the live view has read; raises `LogCutShort`."""
        limits = {TopicPartition(*place): at.next_offset for place, at in live.checkpoints.items()}
        # Kafka is asked where the log ends only for what is new: it answers after the fetch that waits for more.
        if any(self.ends.get(place, 0) < limit for place, limit in limits.items()):
            self.ends = await self.kafka.end_offsets(self.kafka.assignment())
        for place, limit in limits.items():
            if self.ends.get(place, 0) < limit:
                raise LogCutShort(place)
        total = self.done + sum([max(0, limit - await self.kafka.position(p)) for p, limit in limits.items()])
        batch: list[ConsumerRecord] = []
        async for some in read_to(self.kafka, limits, BATCH):
            batch += some
            if len(batch) >= BATCH:
                await self._take(batch, total)
                batch = []
        if batch:
            await self._take(batch, total)

    async def _take(self, batch: Sequence[ConsumerRecord], total: int) -> None:
        async with self.pool.connection() as conn, conn.transaction():
            gap = await take_in(
                conn, self.view, self.generation, read_all(batch), self.keyring, self.keys, _set_aside_before
            )
        if gap is not None:
            if gap == self.sought:
                raise gap
            self.kafka.seek(TopicPartition(*gap.place), gap.next_offset)  # what follows it may show a stranger
        self.sought = gap
        self.done += len(batch)
        self.progress(self.done, total)

    async def gap(self) -> GapFound | None:
        """The gap between the view's checkpoint and the next record of the log, if there is one."""
        ahead = {place for place, end in self.ends.items() if await self.kafka.position(place) < end}
        batch: list[ConsumerRecord] = []
        while ahead:
            for place, records in (await self.kafka.getmany(*ahead, timeout_ms=1000)).items():
                ahead.discard(place)
                batch += records
        async with self.pool.connection() as conn:
            seen = await checkpoints.read(conn, self.view.consumer(self.generation))
        return check_chain(self.view.name, read_all(batch), seen, frozenset()).gap


async def _set_aside_before(name: str, dead: Sequence[Dead]) -> None:
    """Records that cannot be read were set aside when the live view met them."""


async def _differences(conn: Any, view: View, old: int, new: int) -> tuple[str, ...]:
    """Keys of rows that are not the same, at most 20 per table."""
    names: list[str] = []
    for table in view.tables:
        found = await conn.execute(
            statement(
                "select distinct {key}::text from ((select * from {table} except select * from {other})"
                " union all (select * from {other} except select * from {table})) d order by 1 limit 20",
                table, old, other=table_name(table, new),
            )
        )  # fmt: skip
        names += [f"{table.name} {row[0]}" for row in await found.fetchall()]
    return tuple(names)


async def _count(conn: Any, view: View, generation: int) -> int:
    total = 0
    for table in view.tables:
        found = await conn.execute(statement("select count(*) from {table}", table, generation))
        total += (await found.fetchone())[0]
    return total
