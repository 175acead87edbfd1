"""Checkpoints: the last position applied from each source partition, saved in the transaction of the rows it made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection, Cursor

from shared.postgres.migrations import add_column

SCHEMA = """
create table if not exists progress (
  consumer text not null, topic text not null, partition int not null,
  position bigint not null default 0, next_offset bigint not null default 0,
  link bytea,
  primary key (consumer, topic, partition)
);
""" + add_column("progress", "link", "bytea")


STEP = """
update progress as p set position = a.position, next_offset = a.next_offset, link = a.link
from unnest(%b::text[], %b::text[], %b::int[], %b::bigint[], %b::bigint[], %b::bytea[], %b::bigint[])
  as a(consumer, topic, partition, position, next_offset, link, seen)
where (p.consumer, p.topic, p.partition, p.position) = (a.consumer, a.topic, a.partition, a.seen)
"""
FIRST = """
insert into progress (consumer, topic, partition, position, next_offset, link)
select * from unnest(%b::text[], %b::text[], %b::int[], %b::bigint[], %b::bigint[], %b::bytea[]) on conflict do nothing
"""


class OutOfOrder(Exception):
    """Another owner of the partition has advanced meanwhile: nothing was written, read again."""


@dataclass(frozen=True, slots=True)
class Advance:
    """One consumer's step on one partition, conditional on where it stood."""

    consumer: str
    topic: str
    partition: int
    seen: int
    position: int
    next_offset: int
    link: bytes | None = None
    """The chain value at the position."""


WRITTEN = ("consumer", "topic", "partition", "position", "next_offset", "link")


def write(cursor: Cursor[Any], advances: Sequence[Advance]) -> None:
    """Positions only move forward, and only from where this owner saw them; raises `OutOfOrder`."""
    cursor.execute(STEP, _columns(advances, *WRITTEN, "seen"))
    written = cursor.rowcount
    if written < len(advances):
        cursor.execute(FIRST, _columns(_first(advances), *WRITTEN))
        _check(advances, written + cursor.rowcount)


async def advance(conn: AsyncConnection[Any], advances: Sequence[Advance]) -> None:
    """`write` on an asynchronous connection, in the caller's transaction."""
    if not advances:
        return
    async with conn.cursor() as cursor:
        await cursor.execute(STEP, _columns(advances, *WRITTEN, "seen"))
        written = cursor.rowcount
        if written < len(advances):
            await cursor.execute(FIRST, _columns(_first(advances), *WRITTEN))
            _check(advances, written + cursor.rowcount)


def _first(advances: Sequence[Advance]) -> list[Advance]:
    """On partitions that this consumer may not have read before."""
    return [advance for advance in advances if advance.seen == 0]


def _check(advances: Sequence[Advance], written: int) -> None:
    if written != len(advances):
        raise OutOfOrder(f"another owner of {advances[0].consumer} has advanced")


def _columns(advances: Sequence[Advance], *names: str) -> list[list[Any]]:
    return [[getattr(advance, name) for advance in advances] for name in names]
