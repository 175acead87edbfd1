"""A person is erased once; letters are written to who can be written to."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.intake.message.letters import acknowledge, acknowledgement_id, greeting, invite
from services.intake.message.policy import promote
from services.intake.person import state as person
from services.intake.person.state import Contact, identify
from shared.events import Event, Provenance
from shared.events.complaints import ComplaintReceived, MessageWritten
from shared.events.mentions import MentionPromoted
from shared.events.sealed import Sealed
from shared.events.surveys import SurveyInvited
from shared.kafka.records import Record

BY = Provenance("test", datetime(2026, 3, 14, tzinfo=UTC))
PERSON, COMPLAINT = UUID(int=1), UUID(int=2)


def known(**contact: str) -> person.Person:
    return person.evolve(None, identify(PERSON, Contact(**contact), BY))


def received() -> ComplaintReceived:
    return ComplaintReceived(**BY.stamp(COMPLAINT, 1), reference="R7K2-M9QX", channel="web", person_id=PERSON)


def invited() -> SurveyInvited:
    return SurveyInvited(
        **BY.stamp(uuid4(), 1), case_id=COMPLAINT, questionnaire="handling.v1", person_id=PERSON, expires_at=BY.at
    )


def written() -> MessageWritten:
    (event,) = acknowledge(received(), known(email="a@example.org"), "http://link", BY.at, BY)
    assert isinstance(event, MessageWritten)
    return event


def test_an_erased_person_is_erased_once() -> None:
    (erased,) = person.erase(known(name="N"), "asked", BY)
    gone = person.evolve(known(name="N"), erased)
    assert (gone.name, gone.email, gone.erased) == (None, None, True)
    with pytest.raises(person.PersonAlreadyErased):
        person.erase(gone, "asked", BY)


@pytest.mark.parametrize(
    ("contact", "theirs"),
    [
        ({"email": "Hall@example.org"}, True),
        ({"email": "hall@example.org", "name": "robert hall", "phone": "07700 900123"}, True),
        ({"email": "hall@example.org", "name": "Margaret Hall"}, False),
        ({"email": "hall@example.org", "phone": "07700 900999"}, False),
        ({"email": "hall@example.org", "needs": "Large print"}, False),
        ({"email": "hall@example.org", "preferred_channel": "phone"}, False),
        ({"email": "other@example.org", "name": "Robert Hall"}, False),
    ],
)
def test_a_contact_that_says_something_else_is_somebody_elses(contact: dict[str, Any], theirs: bool) -> None:
    hall = known(name="Robert Hall", email="hall@example.org", phone="07700 900123")
    assert person.is_theirs(hall, Contact(**contact)) is theirs
    (erased,) = person.erase(hall, "asked", BY)
    assert not person.is_theirs(person.evolve(hall, erased), Contact(**contact))


def test_the_acknowledgement_names_the_reference_and_the_day() -> None:
    letter = written()
    assert letter.originator_id == acknowledgement_id(COMPLAINT)
    assert "R7K2-M9QX" in str(letter.body.text)
    assert "14 March 2026" in str(letter.body.text)


def test_who_gave_no_address_or_prefers_another_way_is_not_written_to() -> None:
    assert acknowledge(received(), known(name="N"), "http://link", BY.at, BY) == []
    assert acknowledge(received(), known(email="a@b.org", preferred_channel="phone"), "http://link", BY.at, BY) == []
    assert invite(invited(), known(name="N"), "http://link", BY) == []
    assert invite(invited(), known(email="a@b.org", preferred_channel="phone"), "http://link", BY) == []
    assert len(invite(invited(), known(email="a@b.org"), "http://link", BY)) == 1


@pytest.mark.parametrize(
    ("name", "greeted"),
    [
        ("Zoë O'Connor-Smith", "Dear Zoë O'Connor-Smith,"), ("Dr. J. R. Müller", "Dear Dr. J. R. Müller,"),
        ("Refund: https://evil.example/now", "Hello,"), ("see www.evil", "Hello,"), ("go to evil.example", "Hello,"),
        ("Visit пример.рф now", "Hello,"),
        ("customer,\n\nYour refund waits", "Hello,"), ("x" * 81, "Hello,"), (None, "Hello,"),
    ],
)  # fmt: skip
def test_a_greeting_leads_nowhere_else(name: str | None, greeted: str) -> None:
    assert greeting(person.Person(PERSON, 1, name=name)) == greeted


def promoted(**fields: Any) -> MentionPromoted:
    by = Provenance("handler@example.org", BY.at)
    text = Sealed(PERSON, "words")
    return MentionPromoted(**by.stamp(uuid4(), 2), complaint_id=COMPLAINT, person_id=PERSON, text=text, **fields)


def complaint_of(event: MentionPromoted) -> ComplaintReceived:
    record = Record("mentions", 0, 0, b"", b"", "mention.promoted.v1", 1, 0, b"", event.id, None)
    made: list[Event] = promote(None, [(record, event)])  # type: ignore[arg-type]
    assert isinstance(made[1], ComplaintReceived)
    return made[1]


@pytest.mark.parametrize(
    ("captured_at", "happened_at"),
    [
        (BY.at - timedelta(days=3), BY.at - timedelta(days=3)), (BY.at + timedelta(minutes=1), BY.at),
        (None, BY.at),
    ],
)  # fmt: skip
def test_a_promoted_mention_was_received_when_it_came_to_us(
    captured_at: datetime | None, happened_at: datetime
) -> None:
    assert complaint_of(promoted(captured_at=captured_at)).happened_at == happened_at


def test_a_promoted_mention_becomes_a_complaint_with_its_words_and_mark() -> None:
    event = promoted(invented=True)
    complaint = complaint_of(event)
    assert (complaint.originator_id, complaint.mention_id) == (COMPLAINT, event.originator_id)
    assert complaint.invented
    assert complaint.narrative == Sealed(PERSON, "words")
    assert complaint.caused_by == event.id
