"""A case: the work on one complaint, aspect by aspect, until every aspect is decided and the case is closed.

A closed case refuses all work but a note. Reopening keeps what was decided, and each aspect is then decided anew, once.
"""

from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from itertools import count
from typing import Any, Literal
from uuid import UUID, uuid5

from services.cases.case.refusals import (
    AmountIncomplete,
    AmountWithoutMoney,
    AspectAlreadyResolved,
    AspectEmpty,
    AspectNotClassified,
    AspectsStillOpen,
    AspectUnknown,
    CaseAlreadyClosed,
    CaseNotClosed,
    MoneyWithoutAmount,
    RootCauseMissing,
    SubjectIncomplete,
)
from services.cases.case.status import Status, begins, status_of
from shared.events import By, Event
from shared.events.cases import (
    AlertRaised,
    AspectAssigned,
    AspectClassified,
    AspectRaised,
    AspectResolved,
    CaseClosed,
    CaseOpened,
    CaseReopened,
    NoteAdded,
    Outcome,
    Priority,
    PriorityChanged,
    Redress,
)
from shared.events.complaints import ComplaintReceived
from shared.events.sealed import Sealed

Alert = Literal["red-sentiment", "vulnerability", "clock"]
PRIORITIES: tuple[Priority, ...] = ("low", "normal", "high", "urgent")
MONEY: frozenset[Redress] = frozenset({"refund", "compensation"})
UPHELD: frozenset[Outcome] = frozenset({"upheld", "partly-upheld"})
NOTHING_DECIDED: frozenset[Outcome] = frozenset({"withdrawn", "out-of-scope"})


@dataclass(frozen=True, slots=True)
class Subject:
    """What an aspect is about, coarse to fine."""

    product: str | None = None
    sub_product: str | None = None
    issue: str | None = None
    sub_issue: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """How an aspect is decided, and what puts it right."""

    outcome: Outcome
    redress: Redress = "none"
    amount: Decimal | None = None
    currency: str | None = None
    root_cause: str | None = None
    explanation: str | None = None


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
        """What people call it; a summary is sealed and so no name."""
        words = [word for word in (self.subject.product, self.subject.issue) if word]
        return ": ".join(words) or ("the main aspect" if self.primary else "an aspect without a product")


@dataclass(frozen=True, slots=True)
class Case:
    """The state of one case after its events; `round` counts the times that work began."""

    id: UUID
    version: int
    person_id: UUID
    priority: Priority = "normal"
    aspects: tuple[Aspect, ...] = ()
    notes: frozenset[UUID] = frozenset()
    alerts: frozenset[str] = frozenset()
    begun: bool = False
    closed: bool = False
    round: int = 1

    @property
    def open_aspects(self) -> tuple[Aspect, ...]:
        """What is still to be decided in this round."""
        return tuple(aspect for aspect in self.aspects if aspect.decided_in != self.round)

    @property
    def status(self) -> Status:
        return status_of(closed=self.closed, begun=self.begun, open_aspects=len(self.open_aspects))

    def aspect(self, aspect_id: UUID) -> Aspect:
        for aspect in self.aspects:
            if aspect.id == aspect_id:
                return aspect
        raise AspectUnknown


def evolve(case: Case | None, event: Event) -> Case:
    """Fold one event."""
    if isinstance(event, CaseOpened):
        return Case(event.originator_id, event.originator_version, event.person_id, event.priority)
    assert case is not None, f"{event.type} before the case was opened"
    case = replace(case, version=event.originator_version, begun=case.begun or begins(event))
    match event:
        case AspectRaised():
            case = replace(case, aspects=(*case.aspects, Aspect(event.aspect_id, event.primary, subject_of(event))))
        case AspectClassified():
            case = _change(case, event.aspect_id, subject=subject_of(event))
        case AspectAssigned():
            case = _change(case, event.aspect_id, handler=event.handler)
        case AspectResolved():
            case = _change(case, event.aspect_id, decided_in=case.round)
        case NoteAdded():
            case = replace(case, notes=case.notes | {event.note_id})
        case PriorityChanged():
            case = replace(case, priority=event.priority)
        case AlertRaised():
            case = replace(case, alerts=case.alerts | {event.kind})
        case CaseClosed():
            case = replace(case, closed=True, alerts=frozenset())
        case CaseReopened():
            case = replace(case, closed=False, round=case.round + 1)
        case _:
            raise TypeError(f"{event.type} is no event of a case")
    return case


def open_case(received: ComplaintReceived, by: By) -> list[Event]:
    """One complaint, one case under the same id; what the customer chose is its primary aspect."""
    case_id = received.originator_id
    return [
        CaseOpened(
            **by.stamp(case_id, 1), reference=received.reference, person_id=received.person_id,
            channel=received.channel, received_at=received.happened_at, organisation=received.organisation,
            region=received.region, invented=received.invented,
        ),
        AspectRaised(
            **by.stamp(case_id, 2), aspect_id=uuid5(case_id, "primary"), primary=True, product=received.product,
            sub_product=received.sub_product, issue=received.issue, sub_issue=received.sub_issue,
        ),
    ]  # fmt: skip


def raise_aspect(case: Case, aspect_id: UUID, subject: Subject, summary: str | None, by: By) -> list[Event]:
    """A further grievance of the same complaint; the same id again adds nothing."""
    if any(aspect.id == aspect_id for aspect in case.aspects):
        return []
    _refuse_closed(case)
    if not (subject.product or subject.issue or summary):
        raise AspectEmpty
    return [
        AspectRaised(
            **by.stamp(case.id, case.version + 1), aspect_id=aspect_id, primary=False, **asdict(subject),
            summary=Sealed.of(case.person_id, summary),
        )
    ]  # fmt: skip


def classify_aspect(case: Case, aspect_id: UUID, subject: Subject, by: By) -> list[Event]:
    """Say what an aspect is about: returns and root causes count by both."""
    _refuse_closed(case)
    if not subject.product or not subject.issue:
        raise SubjectIncomplete
    if case.aspect(aspect_id).subject == subject:
        return []
    return [AspectClassified(**by.stamp(case.id, case.version + 1), aspect_id=aspect_id, **asdict(subject))]


def assign_aspect(case: Case, aspect_id: UUID, handler: str | None, by: By) -> list[Event]:
    """Give an aspect an owner, or take it away."""
    _refuse_closed(case)
    if case.aspect(aspect_id).handler == handler:
        return []
    return [AspectAssigned(**by.stamp(case.id, case.version + 1), aspect_id=aspect_id, handler=handler)]


def assign_case(case: Case, handler: str, by: By) -> list[Event]:
    """Give all that is still to be decided to one owner; of a case that is decided, the primary aspect."""
    _refuse_closed(case)
    wanted = case.open_aspects or tuple(aspect for aspect in case.aspects if aspect.primary)
    ids = (aspect.id for aspect in wanted if aspect.handler != handler)
    stamps = (by.stamp(case.id, case.version + n) for n in count(1))
    return [AspectAssigned(**stamp, aspect_id=id_, handler=handler) for id_, stamp in zip(ids, stamps, strict=False)]


def resolve_aspect(case: Case, aspect_id: UUID, decision: Decision, by: By) -> list[Event]:
    """Decide an aspect: once in each round of work, and never without what a return must say about it."""
    _refuse_closed(case)
    aspect = case.aspect(aspect_id)
    if aspect.decided_in == case.round:
        raise AspectAlreadyResolved
    if decision.outcome not in NOTHING_DECIDED and not (aspect.subject.product or aspect.subject.issue):
        raise AspectNotClassified
    if (decision.amount is None) != (decision.currency is None):
        raise AmountIncomplete
    if decision.amount is not None and decision.redress not in MONEY:
        raise AmountWithoutMoney
    if decision.redress in MONEY and not decision.amount:
        raise MoneyWithoutAmount
    if decision.outcome in UPHELD and not decision.root_cause:
        raise RootCauseMissing
    return [
        AspectResolved(
            **by.stamp(case.id, case.version + 1), aspect_id=aspect_id, outcome=decision.outcome,
            redress=decision.redress, amount=decision.amount, currency=decision.currency,
            root_cause=decision.root_cause, explanation=Sealed.of(case.person_id, decision.explanation),
        )
    ]  # fmt: skip


def add_note(case: Case, note_id: UUID, text: str, by: By) -> list[Event]:
    """Write something down for colleagues, also about a closed case; the same id again adds nothing."""
    if note_id in case.notes:
        return []
    return [NoteAdded(**by.stamp(case.id, case.version + 1), note_id=note_id, text=Sealed(case.person_id, text))]


def change_priority(case: Case, priority: Priority, reason: str, by: By) -> list[Event]:
    """Work it sooner or later."""
    _refuse_closed(case)
    if case.priority == priority:
        return []
    return [PriorityChanged(**by.stamp(case.id, case.version + 1), priority=priority, reason=reason)]


def raise_priority(case: Case, priority: Priority, reason: str, by: By) -> list[Event]:
    """Never lower, and nothing for a closed case: what a rule may do without asking."""
    if case.closed or PRIORITIES.index(priority) <= PRIORITIES.index(case.priority):
        return []
    return [PriorityChanged(**by.stamp(case.id, case.version + 1), priority=priority, reason=reason)]


def raise_alert(case: Case, kind: Alert, reason: str, by: By) -> list[Event]:
    """Once per kind while the case is open."""
    if case.closed or kind in case.alerts:
        return []
    return [AlertRaised(**by.stamp(case.id, case.version + 1), kind=kind, reason=reason)]


def close_case(case: Case, by: By) -> list[Event]:
    """Only when every aspect is decided, in a case that was reopened once more."""
    _refuse_closed(case)
    if case.open_aspects:
        raise AspectsStillOpen(aspect.name for aspect in case.open_aspects)
    return [CaseClosed(**by.stamp(case.id, case.version + 1), person_id=case.person_id)]


def reopen_case(case: Case, reason: str, by: By) -> list[Event]:
    """Work begins anew: what was decided stands until it is decided again."""
    if not case.closed:
        raise CaseNotClosed
    return [CaseReopened(**by.stamp(case.id, case.version + 1), reason=reason)]


def subject_of(event: AspectRaised | AspectClassified) -> Subject:
    return Subject(event.product, event.sub_product, event.issue, event.sub_issue)


def _refuse_closed(case: Case) -> None:
    if case.closed:
        raise CaseAlreadyClosed


def _change(case: Case, aspect_id: UUID, **changes: Any) -> Case:
    changed = (replace(aspect, **changes) if aspect.id == aspect_id else aspect for aspect in case.aspects)
    return replace(case, aspects=tuple(changed))
