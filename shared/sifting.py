"""What of a batch is new, in order and readable: by position, not by Kafka's offsets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from shared.events import Event, UnknownEvent
from shared.key_follower import KeyFollower
from shared.keys import Keyring
from shared.progress import Advance
from shared.records import ConsumerRecord, Malformed, Record, read

KEPT = 2_000
Place = tuple[str, int]
Stand = tuple[int, int]
"""Position and next offset."""


@dataclass(frozen=True)
class GapFound(Exception):
    """The log has lost something: a record's `ce_previous` is not the last position seen."""

    place: Place
    seen: int
    previous: int
    next_offset: int

    def __str__(self) -> str:
        topic, partition = self.place
        return (
            f"{topic}/{partition}: the record after position {self.seen} says that {self.previous} came before it."
            " Run `recourse audit verify` to see what is missing"
        )


@dataclass(frozen=True)
class Dead:
    """A record to set aside, and why."""

    raw: ConsumerRecord
    error: str


@dataclass
class Sifted:
    """Records to open, those to set aside, and the steps to write when the rest is done."""

    records: list[Record] = field(default_factory=list)
    raws: dict[str, ConsumerRecord] = field(default_factory=dict)
    dead: list[Dead] = field(default_factory=list)
    advances: list[Advance] = field(default_factory=list)
    gap: GapFound | None = None


def sift(
    consumer: str, batch: Sequence[ConsumerRecord], stands: Mapping[Place, Stand], types: frozenset[str]
) -> Sifted:
    """Skip what was seen, stop a partition at a gap, keep the types that are wanted."""
    found = Sifted()
    now = dict(stands)
    stopped: set[Place] = set()
    for raw in batch:
        place = (raw.topic, raw.partition)
        if place in stopped:
            continue
        position, _ = now.get(place, (0, 0))
        try:
            record = read(raw)
        except Malformed as error:
            found.dead.append(Dead(raw, str(error)))
            now[place] = (position, raw.offset + 1)
            continue
        if record.position <= position:
            continue
        if record.previous != position:
            found.gap = GapFound(place, position, record.previous, now.get(place, (0, 0))[1])
            stopped.add(place)
            continue
        now[place] = (record.position, raw.offset + 1)
        if record.type in types:
            found.records.append(record)
            found.raws[record.id] = raw
    for place, (position, offset) in now.items():
        seen, before = stands.get(place, (0, 0))
        if (position, offset) != (seen, before):
            found.advances.append(Advance(consumer, *place, seen, position, offset))
    return found


async def open_events(found: Sifted, keyring: Keyring, keys: KeyFollower | None) -> list[tuple[Record, Event]]:
    """Decode; keys that are missing are fetched once, and what they do not open reads as erased."""
    opened = _decode(found, keyring)
    if keyring.missing and keys is not None:
        await keys.fetch(set(keyring.missing))
        found.dead = [dead for dead in found.dead if id(dead.raw) not in {id(raw) for raw in found.raws.values()}]
        opened = _decode(found, keyring)
    return opened


def _event(record: Record, keyring: Keyring) -> Event:
    """Decoded once for all consumers of the service, if every key was there."""
    kept, misses = keyring.opened, keyring.misses
    event = kept.get(record.chain)
    if isinstance(event, Event):
        return event
    made = record.event(keyring)
    if keyring.misses == misses:
        if len(kept) >= KEPT:
            kept.clear()
        kept[record.chain] = made
    return made


def _decode(found: Sifted, keyring: Keyring) -> list[tuple[Record, Event]]:
    opened: list[tuple[Record, Event]] = []
    for record in found.records:
        try:
            opened.append((record, _event(record, keyring)))
        except (UnknownEvent, ValidationError, ValueError, KeyError) as error:
            found.dead.append(Dead(found.raws[record.id], f"{type(error).__name__}: {record.name}"))
    return opened
