"""Policy on texts of customers: measure the sentiment of each."""

from collections.abc import Iterator, Sequence
from uuid import UUID, uuid5

from services.sentiment.measuring.model import MODEL, Measurement, measure
from shared.events import Event, Provenance
from shared.events.complaints import ComplaintReceived
from shared.events.mentions import MentionCaptured
from shared.events.sealed import plaintext
from shared.events.sentiments import SentimentMeasured
from shared.events.surveys import SurveyAnswered
from shared.eventstore.store import Store
from shared.projections.fold import Opened
from shared.projections.policies import Policy

ACTOR = "sentiment.measure"
SUBJECTS = {ComplaintReceived.type: "complaint", MentionCaptured.type: "mention", SurveyAnswered.type: "response"}


def react(store: Store, batch: Sequence[Opened]) -> list[Event]:
    """One measurement per text, in one look at what was measured before: a repeat measures nothing twice."""
    texts = {
        measurement_id(event.originator_id, field): (record.id, event, text)
        for record, event in batch
        for field, text in texts_of(event)
    }
    known = store.existing(list(texts)) if texts else set()
    return [
        measured(id_, event, measure(text), cause) for id_, (cause, event, text) in texts.items() if id_ not in known
    ]


def measurement_id(subject_id: UUID, field: str) -> UUID:
    """One measurement by each model of each field of each subject."""
    return uuid5(subject_id, f"{MODEL} {field}")


def texts_of(event: Event) -> Iterator[tuple[str, str]]:
    """The customer's own words in an event, by field; what is empty or erased is left out."""
    fields: list[tuple[str, str | None]] = []
    match event:
        case ComplaintReceived():
            fields = [("narrative", plaintext(event.narrative))]
        case MentionCaptured():
            fields = [("text", plaintext(event.text))]
        case SurveyAnswered():
            fields = [(answer.question, plaintext(answer.text)) for answer in event.answers if answer.kind == "text"]
    return ((name, text) for name, text in fields if text and text.strip())


def measured(id_: UUID, event: Event, found: Measurement, cause: str) -> SentimentMeasured:
    """As an event that quotes nobody: the words that decided are named by their places."""
    return SentimentMeasured(
        **Provenance(ACTOR, event.recorded_at, cause, event.occurred_at).stamp(id_, 1),
        subject=SUBJECTS[event.type], subject_id=event.originator_id, person_id=getattr(event, "person_id", None),
        score=found.score, heat=found.heat, model=MODEL,
        deciding=list(found.deciding),
    )  # fmt: skip


policy = Policy("measure", (ComplaintReceived, MentionCaptured, SurveyAnswered), react)
