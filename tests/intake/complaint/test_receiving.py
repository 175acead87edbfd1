"""What becomes of an arrival is decided purely; ids follow from what is known, references can be read aloud."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.intake.complaint.receiving import (
    ALPHABET,
    Arrival,
    Grievance,
    complaint_id_of,
    duplicate,
    new_complaint_id,
    receive,
    reference_of,
    refuse,
)
from services.intake.person.state import Contact, identify
from shared.events import Provenance
from shared.events.complaints import ArrivalRecorded, ComplaintReceived
from shared.events.sealed import Sealed

BY = Provenance("clerk", datetime(2026, 3, 19, 9, 30, tzinfo=UTC), occurred_at=datetime(2026, 3, 16, tzinfo=UTC))
LETTER = Arrival("letter", "post room", "7")
PERSON = UUID("0198c0de-0000-7000-8000-000000000001")


@given(st.text(max_size=50), st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_a_complaint_known_elsewhere_always_gets_the_same_uuid7(external_id: str, day: datetime) -> None:
    received_at = day.replace(tzinfo=UTC)
    made = complaint_id_of(external_id, received_at)
    assert made == complaint_id_of(external_id, received_at)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == int(received_at.timestamp() * 1000)
    assert made != complaint_id_of(external_id + "x", received_at)


def test_new_ids_follow_time() -> None:
    ids = [new_complaint_id() for _ in range(100)]
    assert ids == sorted(ids)


@given(st.uuids())
def test_a_reference_has_no_letter_that_is_misread(complaint_id: UUID) -> None:
    reference = reference_of(complaint_id)
    assert len(reference) == 9
    assert set(reference.replace("-", "")) <= set(ALPHABET)
    assert not set("01OIL") & set(reference)
    assert reference == reference_of(complaint_id)


def test_the_receipt_and_the_complaint_are_made_together() -> None:
    complaint_id = new_complaint_id()
    receipt, received = receive(complaint_id, PERSON, LETTER, Grievance("It broke.", product="Loan"), BY)
    assert isinstance(receipt, ArrivalRecorded)
    assert isinstance(received, ComplaintReceived)
    assert (receipt.outcome, receipt.complaint_id) == ("accepted", complaint_id)
    assert received.narrative == Sealed(PERSON, "It broke.")
    assert received.wanted is None
    assert received.happened_at == BY.occurred_at, "clocks run from when the letter came, not from when it was typed in"


def test_the_same_arrival_has_the_same_id_and_another_has_not() -> None:
    assert LETTER.id == Arrival("phone", "post room", "7").id
    assert LETTER.id != Arrival("letter", "post room", "8").id


def test_a_duplicate_and_a_refusal_say_what_they_are() -> None:
    complaint_id = new_complaint_id()
    assert duplicate(LETTER, complaint_id, BY).complaint_id == complaint_id
    assert refuse(LETTER, ["the date received is not a date"], BY).reasons == ["the date received is not a date"]


def test_what_a_person_did_not_give_is_not_sealed() -> None:
    made = identify(PERSON, Contact(name="N"), BY)
    assert made.name == Sealed(PERSON, "N")
    assert made.email is None
