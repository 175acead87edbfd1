"""A case: the work on one complaint, aspect by aspect, until every aspect is decided and the case is closed.

Its decisions stand beside it, a module per subject. A closed case refuses all work but a note. Reopening keeps what was
decided, and each aspect is then decided again, once.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from shared.events import Event
from shared.events.cases import (
    AlertRaised,
    AspectAssigned,
    AspectClassified,
    AspectRaised,
    AspectResolved,
    CaseClosed,
    CaseEvent,
    CaseOpened,
    CasePaused,
    CaseReopened,
    CaseResumed,
    ContactLogged,
    NoteAdded,
    PriorityChanged,
    ReplyEvent,
    ReplyReleased,
    ReplyWritten,
)
from shared.features.codes import WAITS
from shared.problems import NotFound, RuleBroken

Status = Literal["new", "open", "pending", "on-hold", "resolved", "closed"]
FINAL_RESPONSE = timedelta(weeks=8)
"""A final response, or a written reason why there is none yet, within eight weeks of receipt (DISP 1.6.2R)."""


class CaseAlreadyClosed(RuleBroken):
    """This case is closed. Reopen it first. You can still add a note."""


class AspectUnknown(NotFound):
    """This case has no such aspect. Load the case again."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The product and issue of an aspect, coarse to fine."""

    product: str | None = None
    sub_product: str | None = None
    issue: str | None = None
    sub_issue: str | None = None


@dataclass(frozen=True, slots=True)
class Aspect:
    """One grievance; `decided_in` is the round of work in which it was decided last."""

    id: UUID
    primary: bool
    subject: Subject
    handler: str | None = None
    decided_in: int | None = None

    @property
    def name(self) -> str:
        """The aspect as people call it; its summary is sealed, and so no name."""
        words = [word for word in (self.subject.product, self.subject.issue) if word]
        return ": ".join(words) or ("Main aspect" if self.primary else "Aspect without a product")


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply that has not left the house yet; its text is no part of the state."""

    id: UUID
    writer: str
    send_at: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """For whom or what a case waits, and until when at the latest."""

    waiting_for: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Case:
    """The state of one case after its events; `round` counts the times that work began."""

    id: UUID
    version: int
    person_id: UUID
    reference: str
    channel: str
    received_at: datetime
    organisation: str | None = None
    region: str | None = None
    invented: bool = False
    priority: str = "normal"
    aspects: tuple[Aspect, ...] = ()
    alerts: tuple[str, ...] = ()
    begun: bool = False
    closed_at: datetime | None = None
    round: int = 1
    unsent: tuple[Reply, ...] = ()
    answered_at: datetime | None = None
    wait: Wait | None = None

    @property
    def closed(self) -> bool:
        return self.closed_at is not None

    @property
    def due_at(self) -> datetime:
        """The regulatory deadline: calendar weeks, so no holiday moves it, and nothing pauses it."""
        return self.received_at + FINAL_RESPONSE

    @property
    def open_aspects(self) -> tuple[Aspect, ...]:
        """The aspects that are still to be decided in this round."""
        return tuple(aspect for aspect in self.aspects if aspect.decided_in != self.round)

    @property
    def to_own(self) -> tuple[Aspect, ...]:
        """The aspects that need an owner: those that are open, and of a case without one the primary aspect."""
        return self.open_aspects or tuple(aspect for aspect in self.aspects if aspect.primary)

    @property
    def status(self) -> Status:
        """It follows from the work, and nobody sets it; the outcome is no status."""
        if self.closed:
            return "closed"
        if self.aspects and not self.open_aspects:
            return "resolved"
        if self.wait:
            known = WAITS.entry(self.wait.waiting_for)
            return known.status if known else "on-hold"
        return "open" if self.begun else "new"

    def aspect(self, aspect_id: UUID) -> Aspect:
        for aspect in self.aspects:
            if aspect.id == aspect_id:
                return aspect
        raise AspectUnknown

    def ensure_open(self) -> None:
        if self.closed:
            raise CaseAlreadyClosed


def evolve(case: Case | None, event: Event) -> Case:  # noqa: PLR0911 - one return an event reads best
    """Fold one event."""
    if isinstance(event, CaseOpened):
        return Case(
            event.originator_id, event.originator_version, event.person_id, event.reference, event.channel,
            event.received_at, event.organisation, event.region, event.invented, event.priority,
        )  # fmt: skip
    assert case is not None, f"{event.type} before the case was opened"
    case = replace(case, version=event.originator_version, begun=case.begun or _begins(event))
    match event:
        case AspectRaised():
            return replace(case, aspects=(*case.aspects, Aspect(event.aspect_id, event.primary, subject_of(event))))
        case AspectClassified():
            return _change(case, event.aspect_id, subject=subject_of(event))
        case AspectAssigned():
            return _change(case, event.aspect_id, handler=event.handler)
        case AspectResolved():
            return _change(case, event.aspect_id, decided_in=case.round)
        case PriorityChanged():
            return replace(case, priority=event.priority)
        case AlertRaised():
            return replace(case, alerts=tuple(sorted({*case.alerts, event.kind})))
        case ReplyEvent() | ContactLogged():
            return _evolve_conversation(case, event)
        case CasePaused() | CaseResumed():
            wait = Wait(event.waiting_for, event.until) if isinstance(event, CasePaused) else None
            return replace(case, wait=wait)
        case CaseClosed():
            return replace(case, closed_at=event.recorded_at, alerts=(), wait=None)
        case CaseReopened():
            return replace(case, closed_at=None, round=case.round + (not event.undone))
        case CaseEvent():
            return case
    raise TypeError(f"{event.type} is no event of a case")


def subject_of(event: AspectRaised | AspectClassified) -> Subject:
    return Subject(event.product, event.sub_product, event.issue, event.sub_issue)


def _evolve_conversation(case: Case, event: ReplyEvent | ContactLogged) -> Case:
    if isinstance(event, ContactLogged):
        return replace(case, answered_at=event.recorded_at)
    others = tuple(reply for reply in case.unsent if reply.id != event.reply_id)
    match event:
        case ReplyWritten():
            return replace(case, unsent=(*others, Reply(event.reply_id, event.actor, event.send_at)))
        case ReplyReleased():
            return replace(case, unsent=others, answered_at=event.recorded_at)
    return replace(case, unsent=others)


def _change(case: Case, aspect_id: UUID, **changes: Any) -> Case:
    changed = (replace(aspect, **changes) if aspect.id == aspect_id else aspect for aspect in case.aspects)
    return replace(case, aspects=tuple(changed))


def _begins(event: Event) -> bool:
    """True when someone took the case on: an owner, a classification, a word to the customer, a note, a decision."""
    if isinstance(event, AspectAssigned):
        return event.handler is not None
    if isinstance(event, AspectRaised):
        return not event.primary
    return isinstance(event, AspectClassified | AspectResolved | NoteAdded | ReplyWritten | ContactLogged | CasePaused)
