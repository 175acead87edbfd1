"""Cases for tests: complaint number n of person n, what is said about it, and the case after any decisions.

case(raised(), decided(), closed)
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID, uuid5

from services.cases.alerts.rules import raise_alert
from services.cases.aspects import assignment, classification, correction, raising, resolution
from services.cases.aspects.assignment import AssignAspect, assign_case
from services.cases.aspects.classification import ClassifyAspect
from services.cases.aspects.correction import CorrectDecision
from services.cases.aspects.raising import RaiseAspect
from services.cases.aspects.resolution import ResolveAspect
from services.cases.case.state import Case, Subject, evolve
from services.cases.closing import closing
from services.cases.closing.closing import ReopenCase, close_case
from services.cases.notes import note
from services.cases.notes.note import AddNote
from services.cases.opening.policy import open_case
from services.cases.priority import priority
from services.cases.priority.priority import ChangePriority, raise_priority
from shared.events import Event, Provenance, wire_name
from shared.events.complaints import ComplaintReceived
from shared.events.people import PersonErased, PersonIdentified
from shared.events.sealed import Sealed
from shared.events.sentiments import SentimentMeasured
from shared.kafka.records import Record
from shared.projections.fold import Opened

__all__ = [
    "assign_case", "close_case", "open_case", "raise_alert", "raise_priority",
]  # fmt: skip

AT = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
INES = Provenance("ines@example.org", AT + timedelta(days=1))
LOAN = Subject("Loan", issue="Fees")
CARD = Subject("Credit card", issue="Charged twice")


def complaint_id(number: int) -> UUID:
    return UUID(int=(0x7 << 76) | (0x8 << 60) | number)


def person_id(number: int) -> UUID:
    return uuid5(complaint_id(number), "person")


def primary_id(number: int) -> UUID:
    return uuid5(complaint_id(number), "primary")


def complaint(number: int, **given: Any) -> ComplaintReceived:
    narrative = given.pop("narrative", f"My card was charged twice, number {number}.")
    wanted = Sealed.of(person_id(number), given.pop("wanted", f"An apology, and {number} pounds."))
    by = Provenance(
        given.pop("actor", "customer"), AT + timedelta(minutes=number), occurred_at=given.pop("received_at", None)
    )
    fields: dict[str, Any] = {"product": "Credit card", "issue": "Charged twice", "channel": "web"} | given
    return ComplaintReceived(
        **by.stamp(complaint_id(number), 1), reference=f"R7K2-{number:04d}".replace("0", "Z").replace("1", "Y"),
        person_id=person_id(number), narrative=Sealed.of(person_id(number), narrative), wanted=wanted, **fields,
    )  # fmt: skip


def person(number: int, name: str = "Amal Haddad", *, email: bool = True) -> PersonIdentified:
    address = f"person{number}@example.org" if email else None
    return PersonIdentified(
        **Provenance("customer", AT).stamp(person_id(number), 1), name=Sealed(person_id(number), name),
        email=Sealed.of(person_id(number), address), preferred_channel="email",
        needs=Sealed(person_id(number), "Large print"),
    )  # fmt: skip


def erased(number: int) -> PersonErased:
    return PersonErased(**Provenance("dpo@example.org", AT).stamp(person_id(number), 2), reason="GDPR Article 17")


def sentiment(
    number: int, score: float, heat: Literal["green", "amber", "red"], *, of: str = "narrative",
    subject: Literal["complaint", "mention", "response"] = "complaint",
) -> SentimentMeasured:  # fmt: skip
    return SentimentMeasured(
        **Provenance("sentiment", AT + timedelta(minutes=number)).stamp(uuid5(complaint_id(number), of), 1),
        subject=subject, subject_id=complaint_id(number), person_id=person_id(number), score=score,
        heat=heat, model="lexicon-1",
    )  # fmt: skip


def opened(number: int, **given: Any) -> list[Event]:
    """The letter that the policy writes for the complaint."""
    received = complaint(number, **given)
    return open_case(received, Provenance("cases.open", received.recorded_at, received.id))


def folded(events: Sequence[Event]) -> Case:
    case = None
    for event in events:
        case = evolve(case, event)
    assert case is not None
    return case


def batch(*events: Event) -> list[Opened]:
    """As they come from Kafka, opened: all that a policy looks at is the id."""
    return [(Record(e.topic, 0, 0, b"", b"", wire_name(e), 1, 0, b"", e.id, None), e) for e in events]


def decision(
    outcome: str, redress: str = "none", amount: Decimal | None = None, currency: str | None = None,
    root_cause: str | None = None, explanation: str | None = None,
) -> ResolveAspect:  # fmt: skip
    return ResolveAspect(
        outcome=outcome, redress=redress, amount=amount, currency=currency, root_cause=root_cause,
        explanation=explanation,
    )  # fmt: skip


def raise_aspect(case: Case, aspect_id: UUID, subject: Subject, summary: str | None, by: Provenance) -> list[Event]:
    return raising.raise_aspect(case, RaiseAspect(**asdict(subject), summary=summary), replace(by, new_id=aspect_id))


def classify_aspect(case: Case, aspect_id: UUID, subject: Subject, by: Provenance) -> list[Event]:
    return classification.classify_aspect(case, aspect_id, ClassifyAspect(**asdict(subject)), by)


def assign_aspect(case: Case, aspect_id: UUID, handler: str | None, by: Provenance) -> list[Event]:
    return assignment.assign_aspect(case, aspect_id, AssignAspect(handler=handler), by)


def resolve_aspect(case: Case, aspect_id: UUID, asked: ResolveAspect, by: Provenance) -> list[Event]:
    return resolution.resolve_aspect(case, aspect_id, asked, by)


def correct_decision(case: Case, aspect_id: UUID, asked: ResolveAspect, by: Provenance) -> list[Event]:
    corrected = CorrectDecision(**asked.model_dump(), reason="Wrong amount")
    return correction.correct_decision(case, aspect_id, corrected, by)


def add_note(case: Case, note_id: UUID, text: str, by: Provenance) -> list[Event]:
    return note.add_note(case, AddNote(text=text), replace(by, new_id=note_id))


def change_priority(case: Case, level: str, reason: str, by: Provenance) -> list[Event]:
    return priority.change_priority(case, ChangePriority(priority=level, reason=reason), by)


def reopen_case(case: Case, reason: str, by: Provenance) -> list[Event]:
    return closing.reopen_case(case, ReopenCase(reason=reason), by)


CASE, PERSON, PRIMARY = complaint_id(1), person_id(1), primary_id(1)
SECOND, THIRD, NOTE = UUID(int=2), UUID(int=3), UUID(int=9)
UPHELD = decision("upheld", "refund", Decimal("25.00"), "GBP", "system-error", "We charged you twice.")
NOT_UPHELD = decision("not-upheld", explanation="We did as agreed.")


def case(*more: Callable[[Case], list[Event]]) -> Case:
    """The case of complaint 1 after these decisions."""
    events = opened(1)
    for decide in more:
        events += decide(folded(events))
    return folded(events)


def decided(aspect_id: UUID = PRIMARY, asked: ResolveAspect = NOT_UPHELD) -> Callable[[Case], list[Event]]:
    return lambda case: resolve_aspect(case, aspect_id, asked, INES)


def raised(aspect_id: UUID = SECOND) -> Callable[[Case], list[Event]]:
    return lambda case: raise_aspect(case, aspect_id, LOAN, None, INES)


def closed(case: Case) -> list[Event]:
    return close_case(case, INES)


def reopened(case: Case) -> list[Event]:
    return reopen_case(case, "The customer disputes", INES)


def worked(number: int = 1) -> list[Event]:
    """A case of two aspects, worked until it is closed and open again."""
    events = opened(number)
    steps: list[Callable[[Case], list[Event]]] = [
        lambda c: assign_aspect(c, primary_id(number), "ines@example.org", INES),
        lambda c: raise_aspect(c, SECOND, LOAN, None, INES),
        lambda c: raise_priority(c, "high", "Red", INES),
        lambda c: raise_alert(c, "red-sentiment", "Red", INES),
        lambda c: resolve_aspect(c, primary_id(number), UPHELD, INES),
        lambda c: resolve_aspect(c, SECOND, NOT_UPHELD, INES),
        lambda c: close_case(c, INES),
        lambda c: reopen_case(c, "Disputed", INES),
        lambda c: resolve_aspect(c, primary_id(number), decision("withdrawn"), INES),
    ]
    for decide in steps:
        events += decide(folded(events))
    return events
