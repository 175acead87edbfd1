"""Every text that a customer writes is measured once, and none that is empty or erased."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from services.sentiment.measuring.model import MODEL, measure
from services.sentiment.measuring.policy import ACTOR, measurement_id, react
from shared.events import Event, Provenance, wire_name
from shared.events.complaints import ComplaintReceived
from shared.events.mentions import MentionCaptured
from shared.events.sealed import Sealed
from shared.events.sentiments import SentimentMeasured
from shared.events.surveys import Answer, SurveyAnswered
from shared.eventstore.store import Store
from shared.kafka.records import Record
from shared.keys.keyring import Keyring
from shared.projections.fold import Opened

AT = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
BY = Provenance("customer", AT, occurred_at=AT - timedelta(days=2))
PERSON = UUID("00000000-0000-7000-8000-00000000000a")
ANGRY = "You lied to me, horrible thieves!"


@pytest.fixture(scope="module")
def store(postgres: Callable[[str], str]) -> Iterator[Store]:
    made = Store("sentiment", postgres("sentiment_policy"), Keyring(bytes(32)))
    yield made
    made.close()


def complaint(narrative: Sealed | None, id_: UUID | None = None) -> ComplaintReceived:
    return ComplaintReceived(
        **BY.stamp(id_ or uuid4(), 1), reference="R7K2-M9QX", channel="web", person_id=PERSON, narrative=narrative
    )


def mention(text: Sealed) -> MentionCaptured:
    return MentionCaptured(
        **BY.stamp(uuid4(), 1), network="mastodon", person_id=PERSON, external_id=Sealed(PERSON, "1"), text=text
    )


def response(**texts: str) -> SurveyAnswered:
    answers = [Answer(question=name, kind="text", text=Sealed(PERSON, text)) for name, text in texts.items()]
    answers.append(Answer(question="ease", kind="choice", choice=1))
    return SurveyAnswered(
        **BY.stamp(uuid4(), 2), case_id=uuid4(), questionnaire="handling.v1", person_id=PERSON, answers=answers
    )


def batch(*events: Event) -> list[Opened]:
    """As they come from Kafka, opened: all that a policy looks at is the id."""
    return [(Record(e.topic, 0, 0, b"", b"", wire_name(e), 1, 0, b"", e.id, None), e) for e in events]


def test_a_measurement_says_of_whom_when_why_and_by_which_model(store: Store) -> None:
    received = complaint(Sealed(PERSON, ANGRY))
    found = measure(ANGRY)
    assert react(store, batch(received)) == [
        SentimentMeasured(
            **Provenance(ACTOR, AT, received.id, AT - timedelta(days=2)).stamp(
                measurement_id(received.originator_id, "narrative"), 1
            ),
            subject="complaint", subject_id=received.originator_id, person_id=PERSON, score=found.score, heat="red",
            model=MODEL,
            deciding=list(found.deciding),
        )
    ]  # fmt: skip


def test_complaints_mentions_and_text_answers_are_measured(store: Store) -> None:
    events = [
        complaint(Sealed(PERSON, ANGRY)),
        mention(Sealed(PERSON, "Great app")),
        response(why="Slow.", more="Sad."),
    ]
    made = react(store, batch(*events))
    assert [(e.subject, e.subject_id) for e in made if isinstance(e, SentimentMeasured)] == [
        ("complaint", events[0].originator_id),
        ("mention", events[1].originator_id),
        ("response", events[2].originator_id),
        ("response", events[2].originator_id),
    ]
    assert len({event.originator_id for event in made}) == 4


def test_empty_and_erased_texts_are_left_out(store: Store) -> None:
    left = batch(complaint(None), complaint(Sealed(PERSON, " \n")), response(why=""), complaint(Sealed(PERSON, None)))
    assert react(store, left) == []


def test_a_text_that_comes_again_is_not_measured_again(store: Store) -> None:
    received = complaint(Sealed(PERSON, ANGRY))
    first = react(store, batch(received, received))
    assert len(first) == 1
    store.put(first)
    assert react(store, batch(received)) == []


def test_no_word_of_the_customer_is_in_the_event(store: Store) -> None:
    [event] = react(store, batch(complaint(Sealed(PERSON, "Horrible thieves and liars"))))
    assert "horrible" not in event.model_dump_json().lower()
    assert "thieves" not in event.model_dump_json()
