"""How far a consumer has read each source partition, written in the transaction of what it made of it."""

from dataclasses import dataclass
from typing import Any

SCHEMA = """
create table if not exists progress (
  consumer text not null, topic text not null, partition int not null,
  position bigint not null default 0, next_offset bigint not null default 0,
  primary key (consumer, topic, partition)
);
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

    STATEMENT = (
        "insert into progress as p values (%s, %s, %s, %s, %s) on conflict (consumer, topic, partition)"
        " do update set position = excluded.position, next_offset = excluded.next_offset where p.position = %s"
    )

    @property
    def values(self) -> tuple[str, str, int, int, int, int]:
        return (self.consumer, self.topic, self.partition, self.position, self.next_offset, self.seen)

    def write(self, cursor: Any) -> None:
        """Positions only move forward, and only from where this owner saw them."""
        cursor.execute(self.STATEMENT, self.values)
        if cursor.rowcount != 1:
            raise OutOfOrder(f"{self.consumer} on {self.topic}/{self.partition} is no longer at {self.seen}")
