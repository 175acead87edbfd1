"""An event as a Kafka record: CloudEvents 1.0 binary mode, with position, previous and chain beside it."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from aiokafka.structs import ConsumerRecord as KafkaRecord

from shared.events import Event, decode
from shared.events.sealed import Keys

FIRST_CHAIN = b"\0" * 32
HIGHEST = 2**63 - 1
"""PostgreSQL's largest bigint."""


class Malformed(ValueError):
    """The record is not one that a relay sent."""


SHORT = 8192
"""Bytes of a record that is remembered: nearly all are shorter, and what is remembered of a thousand is bounded."""


def chain(previous: bytes, position: int, name: str, value: bytes) -> bytes:
    """SHA-256 over the previous chain value, the position, the type and the value; a batch has many readers."""
    return (_chained if len(value) <= SHORT else _chained.__wrapped__)(previous, position, name, value)


@lru_cache(maxsize=2048)
def _chained(previous: bytes, position: int, name: str, value: bytes) -> bytes:
    return hashlib.sha256(previous + position.to_bytes(8, "big") + name.encode() + b"\0" + value).digest()


class Record(NamedTuple):
    """One record of a source topic, its headers read and its event still closed."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    name: str
    position: int
    previous: int
    chain: bytes
    id: str
    trace: str | None
    headers: Any = ()

    @property
    def type(self) -> str:
        return self.name.rpartition(".v")[0]

    def follows(self, position: int, link: bytes | None) -> bool:
        """True if the record follows that position; its chain value is checked only where the one before is known."""
        if self.previous != position:
            return False
        return link is None or self.chain == chain(link, self.position, self.name, self.value)

    @property
    def originator_id(self) -> UUID:
        return UUID(self.key.decode())

    def event(self, keys: Keys | None) -> Event:
        """Decode; sealed fields open with `keys`."""
        return decode(self.name, self.value, keys)


ConsumerRecord = KafkaRecord[bytes, bytes] | Record
"""A record as it comes from Kafka, or with its headers read."""


def recorded_at(value: bytes) -> bytes:
    """The event's own time, cut out of its JSON without parsing it."""
    start = value.index(b'"recorded_at":"') + 15
    return value[start : value.index(b'"', start)]


def headers(
    *, topic: str, key: str, version: int, name: str, value: bytes, service: str,
    position: int, previous: int, chained: bytes, trace: str | None,
) -> list[tuple[str, bytes]]:  # fmt: skip
    """The headers of the record."""
    made = [
        ("ce_specversion", b"1.0"),
        ("ce_id", f"{topic}/{key}/{version}".encode()),
        ("ce_type", name.encode()),
        ("ce_source", f"/recourse/{service}".encode()),
        ("ce_subject", key.encode()),
        ("ce_time", recorded_at(value)),
        ("content-type", b"application/json"),
        ("ce_position", b"%d" % position),
        ("ce_previous", b"%d" % previous),
        ("ce_chain", chained.hex().encode()),
    ]
    if trace:
        made.append(("traceparent", trace.encode()))
    return made


def read_all(batch: Sequence[ConsumerRecord]) -> list[ConsumerRecord]:
    """Read headers once for many readers; what is malformed stays as it is, for each of them to set aside."""
    records: list[ConsumerRecord] = []
    for raw in batch:
        try:
            records.append(read(raw))
        except Malformed:
            records.append(raw)
    return records


def read(raw: ConsumerRecord) -> Record:
    """Read the headers; raises `Malformed` where one is missing or not what it should be."""
    if isinstance(raw, Record):
        return raw
    found: Mapping[str, bytes] = dict(raw.headers)
    try:
        if raw.key is None or raw.value is None:
            raise Malformed("a record of a source topic has a key and a value")
        trace = found.get("traceparent")
        record = Record(
            topic=raw.topic, partition=raw.partition, offset=raw.offset, key=raw.key, value=raw.value,
            name=found["ce_type"].decode(), position=int(found["ce_position"]),
            previous=int(found["ce_previous"]), chain=bytes.fromhex(found["ce_chain"].decode()),
            id=found["ce_id"].decode(), trace=trace.decode() if trace else None, headers=raw.headers,
        )  # fmt: skip
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Malformed(f"{type(error).__name__}: {error}") from error
    if not (0 <= record.previous < record.position <= HIGHEST and len(record.chain) == len(FIRST_CHAIN)):
        raise Malformed("a relay's positions rise, and its chain values have 32 bytes")
    return record
