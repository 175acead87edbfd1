"""Checkpoints: the last position applied from each source partition, saved in the transaction of the rows it made."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from psycopg import Cursor

from shared.postgres.migrations import add_column
from shared.postgres.pools import Connection

SCHEMA = """
create table if not exists progress (
  consumer text not null, topic text not null, partition int not null,
  position bigint not null default 0, next_offset bigint not null default 0,
  link bytea,
  primary key (consumer, topic, partition)
);
""" + add_column("progress", "link", "bytea")
ADVANCE = """
with step as (
  select * from unnest(%b::text[], %b::text[], %b::int[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bytea[])
    as a(consumer, topic, partition, seen, position, next_offset, link)
), further as (
  update progress as p set position = step.position, next_offset = step.next_offset, link = step.link from step
  where (p.consumer, p.topic, p.partition, p.position) = (step.consumer, step.topic, step.partition, step.seen)
  returning true
), begun as (
  insert into progress (consumer, topic, partition, position, next_offset, link)
  select consumer, topic, partition, position, next_offset, link from step where seen = 0
  on conflict do nothing returning true
)
select * from further union all select * from begun
"""
"""Answers a row for each step that was written."""


class OutOfOrder(Exception):
    """Another owner of the partition has advanced meanwhile: nothing was written, read again."""


class Advance(NamedTuple):
    """One consumer's step on one partition, conditional on where it stood."""

    consumer: str
    topic: str
    partition: int
    seen: int
    position: int
    next_offset: int
    link: bytes | None = None
    """The chain value at the position."""


def write(cursor: Cursor[Any], advances: Sequence[Advance]) -> None:
    """Positions only move forward, and only from where this owner saw them; raises `OutOfOrder`."""
    _check(advances, cursor.execute(ADVANCE, _columns(advances)).rowcount)


async def advance(conn: Connection, advances: Sequence[Advance]) -> None:
    """`write` on an asynchronous connection, in the caller's transaction."""
    if advances:
        _check(advances, (await conn.execute(ADVANCE, _columns(advances))).rowcount)


def _columns(advances: Sequence[Advance]) -> list[list[Any]]:
    return [list(column) for column in zip(*advances, strict=True)]


def _check(advances: Sequence[Advance], written: int) -> None:
    if written != len(advances):
        raise OutOfOrder(f"another owner of {advances[0].consumer} has advanced")
