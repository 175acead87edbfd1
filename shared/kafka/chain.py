"""The chain of a source topic: skip what was seen, follow the chain, stop at a gap; by position, not by offset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.kafka.progress import Advance
from shared.kafka.records import FIRST_CHAIN, ConsumerRecord, Malformed, Record, read

Place = tuple[str, int]
"""Topic and partition."""


class Checkpoint(NamedTuple):
    """A consumer's progress on one partition; an older release kept no chain value."""

    position: int
    next_offset: int
    link: bytes | None


BEGINNING = Checkpoint(0, 0, FIRST_CHAIN)
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
class Checked:
    """Records to open, those to set aside, and the steps to write when the rest is done."""

    records: list[Record] = field(default_factory=list)
    raws: dict[str, ConsumerRecord] = field(default_factory=dict)
    dead: list[Dead] = field(default_factory=list)
    advances: list[Advance] = field(default_factory=list)
    gap: GapFound | None = None


def check_chain(
    consumer: str, batch: Sequence[ConsumerRecord], checkpoints: Mapping[Place, Checkpoint], types: frozenset[str]
) -> Checked:
    """Skip what was seen, keep the types that are wanted, and stop a partition where the chain does not go on.

    What is in between is a stranger's where a later record of the batch goes on without it, and is set aside.
    """
    found = Checked()
    now = dict(checkpoints)
    held: dict[Place, list[Dead]] = {}
    gaps: dict[Place, GapFound] = {}
    for raw in batch:
        place = (raw.topic, raw.partition)
        at = now.get(place, BEGINNING)
        try:
            record = read(raw)
        except Malformed as error:
            dead = Dead(raw, str(error))
            if place in held:
                held[place].append(dead)
            elif raw.offset >= at.next_offset:  # else it was set aside: aiokafka reads on before it hears where from
                found.dead.append(dead)
                now[place] = _passed(raw, at)
            continue
        if record.position <= at.position:
            if place not in held:  # sent again: nothing new, and yet read, so that the end of the log is reached
                now[place] = _passed(raw, at)
        elif record.follows(at.position, at.link):
            found.dead += held.pop(place, [])
            now[place] = Checkpoint(record.position, raw.offset + 1, record.chain)
            if record.type in types:
                found.records.append(record)
                found.raws[record.id] = raw
        else:
            if place not in held:
                gaps[place] = GapFound(place, at.position, record.previous, at.next_offset)
            held.setdefault(place, []).append(Dead(raw, STRANGER))
    found.gap = next((gap for place, gap in gaps.items() if place in held), None)
    for place, at in now.items():
        before = checkpoints.get(place, BEGINNING)
        if at != before:
            found.advances.append(Advance(consumer, *place, before.position, at.position, at.next_offset, at.link))
    return found


def _passed(raw: ConsumerRecord, at: Checkpoint) -> Checkpoint:
    """Past a record that is no step of the chain: further on only with what is next.

    The database may have lost what it was told of that, and would never read it again.
    """
    return at._replace(next_offset=at.next_offset + 1) if raw.offset == at.next_offset else at
