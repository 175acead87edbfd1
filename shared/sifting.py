"""What of a batch is new, in order and readable: by position, not by Kafka's offsets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from shared.events import Event, UnknownEvent
from shared.key_follower import KeyFollower
from shared.keys import Keyring
from shared.progress import Advance
from shared.records import FIRST_CHAIN, SHORT, ConsumerRecord, Malformed, Record, read
from shared.sealed import people_in

KEPT = 2_000
TOGETHER = 2_000
"""Records that are opened together: of fewer people than a keyring lets go at once, so that what is fetched for some of
them does not push out what others need."""
Place = tuple[str, int]
Stand = tuple[int, int, bytes | None]
"""Position, next offset, and the chain value at the position (None where an older release kept none)."""
BEGINNING: Stand = (0, 0, FIRST_CHAIN)
STRANGER = "no part of the chain, which goes on without it"


@dataclass(unsafe_hash=True)
class GapFound(Exception):
    """The log has lost something: a record's `ce_previous` is not the last position seen.

    Not frozen, as Python writes the traceback into an exception that is raised on.
    """

    place: Place
    seen: int
    previous: int
    next_offset: int

    def __str__(self) -> str:
        topic, partition = self.place
        if self.previous == self.seen:
            return (
                f"{topic}/{partition}: the record that claims to follow position {self.seen} has not the chain value"
                " that follows from it. Run `recourse audit verify` to see what was changed or added"
            )
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
    """Skip what was seen, keep the types that are wanted, and stop a partition where the chain does not go on.

    What stands in between is a stranger's where a later record of the batch goes on without it, and is set aside.
    """
    found = Sifted()
    now = dict(stands)
    held: dict[Place, list[Dead]] = {}
    gaps: dict[Place, GapFound] = {}
    for raw in batch:
        place = (raw.topic, raw.partition)
        position, offset, link = now.get(place, BEGINNING)
        try:
            record = read(raw)
        except Malformed as error:
            dead = Dead(raw, str(error))
            if place in held:
                held[place].append(dead)
            elif raw.offset >= offset:  # else it has been set aside: aiokafka reads on before it is told where from
                found.dead.append(dead)
                now[place] = _passed(raw, now.get(place, BEGINNING))
            continue
        if record.position <= position:
            if place not in held:  # sent again: nothing new, and yet read, so that the end of the log is reached
                now[place] = _passed(raw, now.get(place, BEGINNING))
        elif record.follows(position, link):
            found.dead += held.pop(place, [])
            now[place] = (record.position, raw.offset + 1, record.chain)
            if record.type in types:
                found.records.append(record)
                found.raws[record.id] = raw
        else:
            if place not in held:
                gaps[place] = GapFound(place, position, record.previous, offset)
            held.setdefault(place, []).append(Dead(raw, STRANGER))
    found.gap = next((gap for place, gap in gaps.items() if place in held), None)
    for place, stand in now.items():
        seen, position, offset, link = stands.get(place, BEGINNING)[0], *stand
        if stand != stands.get(place, BEGINNING):
            found.advances.append(Advance(consumer, *place, seen, position, offset, link))
    return found


def _passed(raw: ConsumerRecord, at: Stand) -> Stand:
    """Past a record that is no step of the chain: further on only with what stands between.

    The database may have lost what it was told of that, and would never read it again.
    """
    position, offset, link = at
    return position, offset + (raw.offset == offset), link


async def open_events(found: Sifted, keyring: Keyring, keys: KeyFollower | None) -> list[tuple[Record, Event]]:
    """Fetch the keys that are not here, then decode; what they do not open reads as erased."""
    opened: list[tuple[Record, Event]] = []
    for start in range(0, len(found.records), TOGETHER):
        some = found.records[start : start + TOGETHER]
        if keys is not None and (unknown := keyring.unknown(people_in(record.value for record in some))):
            await keys.fetch(unknown)
        events, dead = _decode(some, found.raws, keyring)
        while keys is not None and keyring.missing:  # let go meanwhile, or written in another form than ours
            await keys.fetch(set(keyring.missing))
            events, dead = _decode(some, found.raws, keyring)
        opened += events
        found.dead += dead
    return opened


def _event(record: Record, keyring: Keyring) -> Event:
    """Decoded once for all consumers of the service, if every key was there and it is not a long one."""
    kept, misses = keyring.opened, keyring.misses
    event = kept.get(record.chain)
    if isinstance(event, Event):
        return event
    made = record.event(keyring)
    if keyring.misses == misses and len(record.value) <= SHORT:
        if len(kept) >= KEPT:
            kept.clear()
        kept[record.chain] = made
    return made


def _decode(
    records: Sequence[Record], raws: Mapping[str, ConsumerRecord], keyring: Keyring
) -> tuple[list[tuple[Record, Event]], list[Dead]]:
    opened: list[tuple[Record, Event]] = []
    dead: list[Dead] = []
    for record in records:
        try:
            opened.append((record, _event(record, keyring)))
        except (UnknownEvent, ValidationError, ValueError, KeyError) as error:
            dead.append(Dead(raws[record.id], f"{type(error).__name__}: {record.name}"))
    return opened, dead
