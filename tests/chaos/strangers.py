"""Records that no relay sent, or sent long ago: copies, old ones in reverse, garbage, and what is too large."""

import asyncio
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import MessageSizeTooLargeError

from shared.kafka.topics import Cluster

MESSAGE_MAX = 2 * 1024 * 1024
"""What the broker takes (`message.max.bytes`)."""
MOST_COPIES = 20
FAR_AHEAD = 10**15
Place = tuple[str, int]
Headers = Sequence[tuple[str, bytes | None]]


@dataclass
class Strangers:
    """Writes to the services' topics; remembers what must be told apart from the owner's records."""

    cluster: Cluster
    garbage: set[tuple[str, int, int]] = field(default_factory=set)
    """Topic, partition, offset of each record that must be set aside."""
    altered: set[tuple[str, int, int]] = field(default_factory=set)
    """Of each that claims a position which another record has."""
    copies: int = 0

    def copy(self, place: Place, chance: random.Random) -> int:
        """Some records in a row, sent again as they are."""
        found = asyncio.run(self._some(place, chance, MOST_COPIES))
        asyncio.run(self._send(place, [(r.key, r.value, r.headers) for r in found]))
        self.copies += len(found)
        return len(found)

    def reverse(self, place: Place, chance: random.Random) -> int:
        """Two old records, the later one first."""
        found = asyncio.run(self._some(place, chance, 2))
        asyncio.run(self._send(place, [(r.key, r.value, r.headers) for r in reversed(found)]))
        self.copies += len(found)
        return len(found)

    def poison(self, place: Place, chance: random.Random) -> str:
        """Garbage of one of several kinds, or a record that was altered on its way."""
        record = next(iter(asyncio.run(self._some(place, chance, 1))), None)
        last = asyncio.run(self._last(place))
        headers: list[tuple[str, Any]] = list(record.headers) if record else []
        kinds: dict[str, tuple[bytes | None, bytes | None, Headers]] = {
            "no headers": (b"k", b"{", []),
            "no value": (b"k", None, headers),
            "no key": (None, b"{}", headers),
            "null headers": (b"k", b"{}", [(name, None) for name, _ in headers]),
            "headers that are no text": (b"k", b"{}", [(name, b"\xff\xfe") for name, _ in headers]),
            "a position beyond all numbers": (b"k", b"{}", [*headers, ("ce_position", b"9" * 40)]),
            "a position below zero": (b"k", b"{}", [*headers, ("ce_position", b"-1"), ("ce_previous", b"-2")]),
        }
        if last:
            kinds["a position far ahead"] = (last.key, last.value, forged(last, FAR_AHEAD, _position(last)))
            kinds["a position that follows nothing"] = (last.key, last.value, forged(last, FAR_AHEAD, FAR_AHEAD - 1))
        if record:
            kinds["altered"] = (record.key, record.value[:-1] + b" }", headers)
        kind = chance.choice(sorted(kinds))
        at = asyncio.run(self._send(place, [kinds[kind]]))
        (self.altered if kind == "altered" else self.garbage).update(at)
        return kind

    def oversize(self, place: Place) -> str:
        """One record just below what the broker takes, and one above it, which it must refuse."""
        self.garbage.update(asyncio.run(self._send(place, [(b"k", os.urandom(MESSAGE_MAX - 200), [])])))
        try:
            asyncio.run(self._send(place, [(b"k", os.urandom(MESSAGE_MAX), [])]))
        except MessageSizeTooLargeError:
            return "near taken, above refused"
        raise AssertionError("the broker took a record above message.max.bytes")

    def forge(self, place: Place) -> tuple[str, int, int]:
        """A record that names as the one before it a position that was never there."""
        last = asyncio.run(self._last(place))
        assert last, f"nothing was sent to {place}"
        headers = forged(last, FAR_AHEAD, FAR_AHEAD - 1)
        [at] = asyncio.run(self._send(place, [(last.key, last.value, headers)]))
        self.garbage.add(at)
        return at

    async def _last(self, place: Place) -> Any:
        """The relay's last record in the partition, None where there is none."""
        partition = TopicPartition(self.cluster.name(place[0]), place[1])
        async with AIOKafkaConsumer(
            bootstrap_servers=self.cluster.bootstrap, max_partition_fetch_bytes=2 * MESSAGE_MAX
        ) as kafka:
            kafka.assign([partition])
            end = (await kafka.end_offsets([partition]))[partition]
            for first in range(max(0, end - 20), -1, -20):
                kafka.seek(partition, first)
                found = (await kafka.getmany(partition, timeout_ms=5000, max_records=20)).get(partition, [])
                for record in reversed(found):
                    if (place[0], place[1], record.offset) not in self.garbage | self.altered:
                        return record
        return None

    async def _some(self, place: Place, chance: random.Random, most: int) -> list[Any]:
        """Records of a relay that stand in a row, from anywhere in the partition."""
        partition = TopicPartition(self.cluster.name(place[0]), place[1])
        async with AIOKafkaConsumer(
            bootstrap_servers=self.cluster.bootstrap, max_partition_fetch_bytes=2 * MESSAGE_MAX
        ) as kafka:
            kafka.assign([partition])
            end = (await kafka.end_offsets([partition]))[partition]
            if not end:
                return []
            kafka.seek(partition, chance.randrange(max(1, end - most)))
            found = await kafka.getmany(partition, timeout_ms=5000, max_records=most)
        known = self.garbage | self.altered
        return [r for r in found.get(partition, []) if (place[0], r.partition, r.offset) not in known]

    async def _send(
        self, place: Place, records: Sequence[tuple[bytes | None, bytes | None, Headers]]
    ) -> list[tuple[str, int, int]]:
        """In this order, to this partition; answers where they came to stand."""
        async with AIOKafkaProducer(
            bootstrap_servers=self.cluster.bootstrap, enable_idempotence=True, max_request_size=4 * MESSAGE_MAX
        ) as kafka:
            topic, partition = self.cluster.name(place[0]), place[1]
            sent = [
                await kafka.send_and_wait(topic, value, key=key, partition=partition, headers=list(headers))
                for key, value, headers in records
            ]
        return [(place[0], place[1], one.offset) for one in sent]


def forged(record: Any, position: int, previous: int) -> list[tuple[str, bytes | None]]:
    """Its headers with another place in the chain, and a chain value that nobody computed."""
    own: dict[str, bytes | None] = {
        "ce_position": b"%d" % position, "ce_previous": b"%d" % previous, "ce_chain": os.urandom(32).hex().encode(),
    }  # fmt: skip
    return [(name, own.get(name, value)) for name, value in record.headers]


def _position(record: Any) -> int:
    return int(dict(record.headers)["ce_position"])
