"""The chain of one partition, recomputed record by record, and what it says about each that does not fit.

A link that does not hold makes its record a suspect: what follows tells whether it was changed (the chain goes on from
it), put there by a stranger (the chain goes on without it), or stands after a hole. It then anchors the chain anew, so
that one broken record is one finding.
"""

from array import array
from bisect import bisect_left
from contextlib import suppress
from dataclasses import dataclass, replace

from services.reporting.audit.findings import Finding, Kind
from services.reporting.audit.log.sent import version_of
from shared.kafka.records import FIRST_CHAIN, Record, chain, recorded_at

LINK = 32


@dataclass(frozen=True, slots=True)
class Suspect:
    """A record whose link does not hold; `link` is what its bytes give, `record` names it."""

    kind: Kind
    record: Finding
    previous: int
    after: int
    link: bytes

    def judged(self, *, alone: bool) -> Finding:
        """Nothing goes on from one that stands alone, and no relay recorded that it sent it."""
        if self.kind == "missing":
            why = f"{self.record.event} follows it, and stands after position {self.after}"
            return replace(self.record, kind="missing", position=self.previous, type=None, event=None, why=why)
        if alone:
            return self.record.as_("added", "its chain value is wrong, and nothing goes on from it")
        return self.record.as_("changed", "its bytes, type or position do not give its chain value")


class Chain:
    """Positions and links, 40 bytes a record, so that a record sent again can be told from a second one."""

    def __init__(self, topic: str, partition: int) -> None:
        self.topic, self.partition = topic, partition
        self.dropped: set[int] = set()
        """Offsets of records that were taken first, and then found to be no part of the chain."""
        self._positions: array[int] = array("q")
        self._links = bytearray()
        self._suspects: dict[int, Suspect] = {}
        self._found: list[Finding] = []
        self._confirmed = 0

    def findings(self) -> list[Finding]:
        """In the order of the log."""
        judged = [
            one.judged(alone=position == self.last and position > self._confirmed)
            for position, one in self._suspects.items()
        ]
        return sorted(self._found + judged, key=lambda finding: (finding.offset is None, finding.offset or 0))

    def gaps(self) -> list[tuple[int, int]]:
        """Positions after the first and up to the second of each pair are missing here, if they belong here."""
        return [(one.after, one.previous) for one in self._suspects.values() if one.kind == "missing"]

    @property
    def last(self) -> int:
        return self._positions[-1] if self._positions else 0

    def take(self, record: Record) -> bool:
        """Follow one record; True where it became a part of the chain, which the store should have too."""
        index, known = self._index(record.previous), self._index(record.position)
        if known and self._again(known, record):
            return False
        holds = index is not None and self._holds(index, record)
        if known and not (holds and record.position in self._suspects):
            return self._add(record, f"position {record.position} was sent before with other bytes")
        if index is not None and holds:
            return self._go_on(index, record)
        if record.position <= self.last:
            return self._add(record, f"position {record.position} comes after {self.last}")
        if record.previous < self.last:
            return self._add(record, f"it claims to follow {record.previous}, and {self.last} is the last")
        self._suspect("changed" if record.previous == self.last else "missing", record)
        return True

    def compare_headers(self, record: Record) -> None:
        """Those that no chain covers are what key and bytes say, and each is there once, as readers differ in which
        they take. What is named already is not looked at.
        """
        if record.position in self._suspects or (self._found and self._found[-1].offset == record.offset):
            return
        told = {"ce_id": b"%s/%s/%d" % (self.topic.encode(), record.key, version_of(record)), "ce_subject": record.key}
        with suppress(ValueError):
            told["ce_time"] = recorded_at(record.value)
        names, given = [name for name, _ in record.headers], dict(record.headers)
        wrong = {name for name in given if names.count(name) > 1}
        wrong |= {name for name, said in told.items() if given.get(name) != said}
        if wrong:
            why = f"not what its key and bytes say, or there twice: header {', '.join(sorted(wrong))}"
            self._found.append(self._named(record).as_("changed", why))

    def refuse(self, offset: int, why: str) -> None:
        """Without a relay's headers it was sent by a stranger."""
        self._found.append(
            Finding("added", "topic", self.topic, self.partition, offset, why=f"no relay sends such a record: {why}")
        )

    def ends_at(self, position: int, link: bytes) -> None:
        """The owner recorded how far it has sent, and the chain value there: neither can be taken back."""
        index = self._index(position)
        if position > self.last:
            self._suspects[position] = Suspect("missing", self._tail(position), position, self.last, link)
        elif index is None or self._link(index) != link:
            why = "the owner recorded another chain value here: what stands up to it was rewritten"
            self._found.append(self._tail(position).as_("changed", why))
        else:
            self._confirmed = position

    def _tail(self, position: int) -> Finding:
        event = f"the end of {self.topic}/{self.partition}, as its owner recorded it,"
        return Finding("missing", "topic", self.topic, self.partition, None, position, event=event)

    def _index(self, position: int) -> int | None:
        """The number of links up to and including this position; 0 before the first."""
        if position == 0:
            return 0
        found = bisect_left(self._positions, position)
        return found + 1 if found < len(self._positions) and self._positions[found] == position else None

    def _link(self, index: int) -> bytes:
        return bytes(self._links[(index - 1) * LINK : index * LINK]) if index else FIRST_CHAIN

    def _again(self, index: int, record: Record) -> bool:
        """Sent again after a crash: the same position, bytes and chain value; nothing is wrong."""
        suspect = self._suspects.get(record.position)
        made = chain(self._link(index - 1), record.position, record.name, record.value)
        return record.chain == self._link(index) and made == (suspect.link if suspect else record.chain)

    def _holds(self, index: int, record: Record) -> bool:
        """True if the record continues the chain there; of a suspect, its own bytes decide."""
        suspect = self._suspects.get(self._positions[index - 1]) if index else None
        links = [self._link(index)] + ([suspect.link] if suspect else [])
        return any(chain(link, record.position, record.name, record.value) == record.chain for link in links)

    def _go_on(self, index: int, record: Record) -> bool:
        """Whatever stands beyond is no part of the chain, unless it stands firm and is more than one."""
        beyond = self._positions[index:]
        if len(beyond) > 1 and beyond[0] not in self._suspects:
            return self._add(record, f"it claims to follow {record.previous}, and {self.last} is the last")
        for position in beyond:
            why = f"the chain goes on from {record.previous} to {record.position} without it"
            if suspect := self._suspects.pop(position, None):
                self._found.append(suspect.record.as_("added", why))
                self.dropped.add(suspect.record.offset or 0)
            else:
                self._found.append(Finding("added", "topic", self.topic, self.partition, None, position, why=why))
        del self._positions[index:]
        del self._links[index * LINK :]
        self._push(record)
        return True

    def _suspect(self, kind: Kind, record: Record) -> None:
        made = chain(self._link(len(self._positions)), record.position, record.name, record.value)
        self._suspects[record.position] = Suspect(kind, self._named(record), record.previous, self.last, made)
        self._push(record)

    def _push(self, record: Record) -> None:
        self._positions.append(record.position)
        self._links += record.chain

    def _add(self, record: Record, why: str) -> bool:
        self._found.append(self._named(record).as_("added", why))
        return False

    def _named(self, record: Record) -> Finding:
        return Finding(
            "added", "topic", self.topic, self.partition, record.offset, record.position, record.name, record.id
        )
