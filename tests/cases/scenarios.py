"""Events that the tests of cases begin with: complaint number n of person n, and what is said about it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid5

from services.cases.case.state import Case, Subject, evolve
from shared.events import Event, Provenance, wire_name
from shared.events.complaints import ComplaintReceived
from shared.events.people import PersonErased, PersonIdentified
from shared.events.sealed import Sealed
from shared.events.sentiments import SentimentMeasured
from shared.kafka.records import Record
from shared.projections.fold import Opened
from tests.cases.decisions import open_case

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
    """What the policy makes of the complaint."""
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
