"""Records of one service's topics in 80 bytes each, to compare with the service's event table."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from shared.kafka.records import Record

PRINT, ID = 16, 16


def fingerprint(name: str, originator_id: UUID, version: int, value: bytes) -> bytes:
    """Digest of what topic and store have in common: type, aggregate, version and bytes."""
    return sha256(f"{name}\0{originator_id}\0{version}\0".encode() + value).digest()[:PRINT]


@dataclass(frozen=True, slots=True)
class Place:
    """One record, where it stands and what it is."""

    position: int
    topic: str
    partition: int
    offset: int
    name: str
    event: str
    fingerprint: bytes


class Sent:
    """Records by position; a service's topics share one row of positions, the ids of its event table."""

    def __init__(self) -> None:
        self.records = 0
        self.partitions: dict[str, int] = {}
        self.gaps: list[tuple[str, int, int, int]] = []
        """Topic and partition, and the positions after which and up to which something is missing there."""
        self._numbers: array[int] = array("q")
        self._bytes = bytearray()
        self._words: dict[str, int] = {}
        self._dropped: set[tuple[str, int, int]] = set()

    def add(self, topic: str, record: Record) -> None:
        version = version_of(record)
        self._numbers.extend(
            [record.position, self._word(topic), record.partition, record.offset, self._word(record.name), version]
        )
        self._bytes += fingerprint(record.name, record.originator_id, version, record.value)
        self._bytes += record.originator_id.bytes

    def drop(self, topic: str, partition: int, offset: int) -> None:
        """It was no part of the chain."""
        self._dropped.add((topic, partition, offset))

    def in_order(self) -> Iterator[Place]:
        """By position."""
        words = list(self._words)
        for at in sorted(range(len(self._numbers) // 6), key=lambda at: self._numbers[at * 6]):
            position, topic, partition, offset, name, version = self._numbers[at * 6 : at * 6 + 6]
            if (words[topic], partition, offset) not in self._dropped:
                start = at * (PRINT + ID)
                originator = UUID(bytes=bytes(self._bytes[start + PRINT : start + PRINT + ID]))
                yield Place(
                    position, words[topic], partition, offset, words[name], f"{words[topic]}/{originator}/{version}",
                    bytes(self._bytes[start : start + PRINT]),
                )  # fmt: skip

    def lost(self, topic: str, partition: int, position: int) -> bool:
        """True if the position falls into a gap of that partition."""
        return any((topic, partition) == gap[:2] and gap[2] < position <= gap[3] for gap in self.gaps)

    def _word(self, text: str) -> int:
        return self._words.setdefault(text, len(self._words))


def version_of(record: Record) -> int:
    """The event's number in its aggregate, from its id."""
    return int(record.id.rpartition("/")[2])
