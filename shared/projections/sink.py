"""Takes batches in: the views of a service together, or a policy, each in one transaction."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from shared.kafka.chain import BEGINNING, Checkpoint, Dead, GapFound, Place
from shared.kafka.records import ConsumerRecord

P = TypeVar("P", bound=Place)
PublishDead = Callable[[str, Sequence[Dead]], Awaitable[None]]
Gaps = Mapping[str, GapFound | None]
"""The gap that a view or policy met, by its name."""


class OtherVersion(Exception):
    """Another release has built a view anew: the fold of this one would spoil its rows."""


@dataclass
class Reading:
    """One view or policy that reads: its topics, by their names in Kafka, the types of events that it takes from them,
    and the trouble that keeps it from going on."""

    kind: Literal["view", "policy"]
    of: str
    topics: frozenset[str]
    types: frozenset[str]
    trouble: str | None = None
    sought: GapFound | None = None

    def meets(self, gap: GapFound | None) -> bool:
        """True for a gap in the log: the same that was met before, and read again for."""
        again, self.sought = self.sought, gap
        found = gap is not None and gap == again
        if gap is None or found:
            self.trouble = str(gap) if gap else None
        return found


class Sink(Protocol):
    """Publishes what cannot be taken in as dead letters before it commits the rest."""

    @property
    def readings(self) -> Sequence[Reading]: ...

    async def take(self, batch: Sequence[ConsumerRecord], publish_dead: PublishDead) -> Gaps: ...

    async def checkpoints(self) -> Mapping[str, Mapping[Place, Checkpoint]]: ...


async def furthest_behind(sink: Sink, places: Collection[P]) -> dict[P, int]:
    """The offset of the view or policy that is furthest behind, as the database says."""
    behind: dict[P, int] = {}
    checkpoints = await sink.checkpoints()
    for reading in sink.readings:
        for place in places:
            if place[0] in reading.topics:
                offset = checkpoints[reading.of].get(place, BEGINNING).next_offset
                behind[place] = min(behind.get(place, offset), offset)
    return behind
