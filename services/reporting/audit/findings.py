"""Findings of a verification: a record that is not as it was written, and its place."""

from dataclasses import dataclass, field, replace
from typing import Literal

Kind = Literal["changed", "missing", "added"]


@dataclass(frozen=True, slots=True)
class Finding:
    """In a topic, or in the event table of a service; what is not known is None."""

    kind: Kind
    where: Literal["topic", "store"]
    topic: str
    partition: int | None = None
    offset: int | None = None
    position: int | None = None
    type: str | None = None
    event: str | None = None
    why: str = ""

    def as_(self, kind: Kind, why: str) -> "Finding":
        """The same record, judged anew."""
        return replace(self, kind=kind, why=why)

    def __str__(self) -> str:
        place = self.topic if self.partition is None else f"{self.topic}/{self.partition}"
        parts = [f"{self.kind} in the {self.where}: {place}"]
        if self.offset is not None:
            parts.append(f"offset {self.offset}")
        parts.append(f"position {self.position}")
        parts += [part for part in (self.type, self.event) if part]
        return f"{', '.join(parts)}: {self.why}"


@dataclass(frozen=True, slots=True)
class Verified:
    """The scope of a verification and its findings; without findings, everything is as it was written."""

    records: int = 0
    events: int = 0
    waiting: int = 0
    findings: tuple[Finding, ...] = field(default=())

    def __add__(self, other: "Verified") -> "Verified":
        return Verified(
            self.records + other.records, self.events + other.events, self.waiting + other.waiting,
            self.findings + other.findings,
        )  # fmt: skip
