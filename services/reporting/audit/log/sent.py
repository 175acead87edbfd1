"""Records of one service's topics, to compare with the service's event table."""

import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

from shared.kafka.records import Record


def fingerprint(name: str, originator_id: object, version: int, value: bytes) -> bytes:
    """Digest of what topic and store have in common: type, aggregate, version and bytes."""
    return sha256(f"{name}\0{originator_id}\0{version}\0".encode() + value).digest()[:16]


class Place(NamedTuple):
    """One record, where it stands and what it is."""

    position: int
    topic: str
    partition: int
    offset: int
    name: str
    event: str
    fingerprint: bytes


class Sent:
    """Records by position; a service's topics share one row of positions, the ids of its event table.

    They are in a database without a name, which SQLite keeps in memory until it is large.
    """

    def __init__(self) -> None:
        self.records = 0
        self.partitions: dict[str, int] = {}
        self.gaps: list[tuple[str, int, int, int]] = []
        """Topic and partition, and the positions after which and up to which something is missing there."""
        self._places = sqlite3.connect("", check_same_thread=False)
        self._places.execute("create table places (position, topic, partition, offset, name, event, fingerprint)")

    def add(self, topic: str, record: Record) -> None:
        version, id_ = version_of(record), str(record.originator_id)
        place = Place(
            record.position, topic, record.partition, record.offset, record.name, f"{topic}/{id_}/{version}",
            fingerprint(record.name, id_, version, record.value),
        )  # fmt: skip
        self._places.execute("insert into places values (?, ?, ?, ?, ?, ?, ?)", place)

    def drop(self, topic: str, partition: int, offset: int) -> None:
        """It was no part of the chain."""
        self._places.execute(
            "delete from places where topic = ? and partition = ? and offset = ?", [topic, partition, offset]
        )

    def in_order(self) -> Iterator[Place]:
        """By position."""
        return map(Place._make, self._places.execute("select * from places order by position, rowid"))

    def lost(self, topic: str, partition: int, position: int) -> bool:
        """True if the position falls into a gap of that partition."""
        return any((topic, partition) == gap[:2] and gap[2] < position <= gap[3] for gap in self.gaps)


def version_of(record: Record) -> int:
    """The event's number in its aggregate, from its id."""
    return int(record.id.rpartition("/")[2])
