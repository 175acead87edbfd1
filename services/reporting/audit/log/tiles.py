"""The tree of one partition, kept as tiles of 256: so that a log of millions grows, and is proved, by a few rows.

Tile (0, n) holds the data of leaves 256 n and on: chain values, and beside them where each record is. Tile (1, n) holds
the roots of 256 full tiles of level 0, and so on: a level of tiles is eight levels of the tree.
"""

import struct
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

from services.reporting.audit.check import Head, leaf_hash, node_hash
from services.reporting.audit.log import merkle

SCHEMA = """
create table if not exists tiles (
  topic text, partition int, level int, number bigint, hashes bytea not null, places bytea not null,
  first bigint not null, primary key (topic, partition, level, number)
);
create index if not exists tiles_first on tiles (topic, partition, first) where level = 0;
"""
WIDTH, HASH = 256, 32
Name = tuple[int, int]
"""The level of a tile, and its number there."""


class Tiles:
    """Tiles of a partition's tree that are in memory."""

    def __init__(self, held: dict[Name, bytes] | None = None, places: dict[int, bytes] | None = None) -> None:
        self._held = held or {}
        self._places = places or {}
        self._changed: dict[Name, None] = {}

    @property
    def size(self) -> int:
        """The number of leaves, if the last tile is in memory."""
        last = max((number for level, number in self._held if level == 0), default=None)
        return 0 if last is None else last * WIDTH + len(self._held[0, last]) // HASH

    def head(self, size: int) -> Head:
        """The tree of the first `size` leaves."""
        return Head(size, merkle.root(size, self.node))

    def append(self, size: int, link: bytes, position: int, offset: int) -> None:
        """Leaf number `size`: a chain value, and where its record is."""
        number = size // WIDTH
        self._places[number] = self._places.get(number, b"") + struct.pack(">qq", position, offset)
        self._push(0, number, link)

    def node(self, level: int, number: int) -> bytes:
        """The root of a complete subtree: leaves `number << level` and the 2^level from there."""
        above, rest = divmod(level, 8)
        return self._folded(above, (number << rest) // WIDTH, (number << rest) % WIDTH, 1 << rest)

    def link(self, index: int) -> bytes:
        """The chain value that leaf `index` is made of."""
        at = index % WIDTH * HASH
        return self._held[0, index // WIDTH][at : at + HASH]

    def place(self, index: int) -> tuple[int, int]:
        """Position and offset of the record of leaf `index`."""
        position, offset = struct.unpack_from(">qq", self._places[index // WIDTH], index % WIDTH * 16)
        return position, offset

    def index_of(self, position: int) -> int | None:
        """The leaf of a record, if its tile is held."""
        for number, packed in self._places.items():
            positions = struct.unpack(f">{len(packed) // 8}q", packed)[::2]
            at = bisect_left(positions, position)
            if at < len(positions) and positions[at] == position:
                return number * WIDTH + at
        return None

    def _push(self, level: int, number: int, value: bytes) -> None:
        tile = self._held[level, number] = self._held.get((level, number), b"") + value
        self._changed[level, number] = None
        if len(tile) == WIDTH * HASH:
            self._push(level + 1, number // WIDTH, self._folded(level, number, 0, WIDTH))

    def _folded(self, level: int, number: int, start: int, count: int) -> bytes:
        tile = self._held[level, number]
        hashes = [tile[at * HASH : (at + 1) * HASH] for at in range(start, start + count)]
        if level == 0:
            hashes = [leaf_hash(link) for link in hashes]
        while len(hashes) > 1:
            hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
        return hashes[0]

    async def save(self, conn: Any, topic: str, partition: int) -> None:
        """Write what has changed, and let go of full tiles that nothing is added to."""
        rows = [
            (topic, partition, *name, self._held[name], self._places[name[1]] if name[0] == 0 else b"",
             self.place(name[1] * WIDTH)[0] if name[0] == 0 else 0)
            for name in self._changed
        ]  # fmt: skip
        async with conn.cursor() as cursor:
            await cursor.executemany(
                "insert into tiles values (%s, %s, %s, %s, %s, %s, %s) on conflict (topic, partition, level, number)"
                " do update set hashes = excluded.hashes, places = excluded.places",
                rows,
            )
        newest = {level: max(number for at, number in self._held if at == level) for level, _ in self._held}
        self._held = {name: tile for name, tile in self._held.items() if name[1] == newest[name[0]]}
        self._places = {number: places for number, places in self._places.items() if number == newest[0]}
        self._changed.clear()


def around(indexes: Iterable[int], *sizes: int) -> set[Name]:
    """The tiles on the way up from these leaves, and on the right edge of the trees of these sizes."""
    leaves = {*indexes, *(size - 1 for size in sizes if size)}
    levels = range((max(leaves, default=0).bit_length() + 7) // 8 + 1)
    return {(level, leaf >> 8 * (level + 1)) for leaf in leaves for level in levels}


async def load(conn: Any, topic: str, partition: int, names: Iterable[Name]) -> Tiles:
    """The tiles that exist."""
    wanted = list(names)
    found = await conn.execute(
        "select level, number, hashes, places from tiles join unnest(%s::int[], %s::bigint[]) as w(level, number)"
        " using (level, number) where topic = %s and partition = %s",
        [[level for level, _ in wanted], [number for _, number in wanted], topic, partition],
    )
    rows = await found.fetchall()
    return Tiles(
        {(row[0], row[1]): bytes(row[2]) for row in rows}, {row[1]: bytes(row[3]) for row in rows if not row[0]}
    )


async def load_edge(conn: Any, topic: str, partition: int) -> Tiles:
    """The last tile of each level: what a growing tree needs."""
    found = await conn.execute(
        "select level, max(number) from tiles where topic = %s and partition = %s group by level", [topic, partition]
    )
    return await load(conn, topic, partition, await found.fetchall())


async def numbers_of(conn: Any, topic: str, partition: int, positions: Sequence[int]) -> list[int]:
    """The tiles of level 0 that would hold the records at these positions."""
    found = await conn.execute(
        "select distinct (select number from tiles where topic = %s and partition = %s and level = 0 and first <= p"
        " order by first desc limit 1) from unnest(%s::bigint[]) as w(p)",
        [topic, partition, list(positions)],
    )
    return [row[0] for row in await found.fetchall() if row[0] is not None]


async def clear(conn: Any, topic: str, partition: int) -> None:
    await conn.execute("delete from tiles where topic = %s and partition = %s", [topic, partition])
