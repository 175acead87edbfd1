"""Events that the tests of reporting begin with: two complaints, followed through every service."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

from shared.events import Event, Provenance
from shared.events.cases import (
    AspectAssigned,
    AspectClassified,
    AspectRaised,
    AspectResolved,
    CaseClosed,
    CaseOpened,
    CaseReopened,
    DecisionCorrected,
    NoteAdded,
)
from shared.events.complaints import ArrivalRecorded, ComplaintReceived, MessageSent, MessageWritten
from shared.events.mentions import MentionCaptured, MentionPromoted
from shared.events.people import PersonErased, PersonIdentified
from shared.events.sealed import Sealed
from shared.events.sentiments import SentimentMeasured
from shared.events.surveys import SurveyInvited

START = datetime(2026, 3, 14, 9, tzinfo=UTC)
PERSON = UUID(int=77)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def by(hours: float, cause: Event | None = None, actor: str = "ines@example.org") -> Provenance:
    return Provenance(actor, at(hours), cause.id if cause else None)


def case(number: int) -> UUID:
    return UUID(int=number)


def aspect(number: int, name: str = "primary") -> UUID:
    return uuid5(case(number), name)


def opened(
    number: int, hours: float = 0, *, product: str | None = "Mortgage", channel: str = "web",
    received: datetime | None = None, cause: Event | None = None, invented: bool = False,
) -> list[Event]:  # fmt: skip
    """The case with its primary aspect: versions 1 and 2."""
    stamp = by(hours, cause, "cases.open")
    return [
        CaseOpened(
            **stamp.stamp(case(number), 1), reference=f"REF{number}-AAAA", person_id=PERSON, channel=channel,
            received_at=received or at(hours), organisation="=Bank", invented=invented,
        ),
        AspectRaised(
            **stamp.stamp(case(number), 2), aspect_id=aspect(number), primary=True, product=product, issue="Fees"
        ),
    ]  # fmt: skip


def raised(number: int, version: int, hours: float, product: str) -> AspectRaised:
    return AspectRaised(
        **by(hours).stamp(case(number), version), aspect_id=aspect(number, product), primary=False, product=product
    )


def classified(number: int, version: int, hours: float, product: str | None) -> AspectClassified:
    return AspectClassified(
        **by(hours).stamp(case(number), version), aspect_id=aspect(number), product=product, issue="Delay"
    )


def resolved(number: int, version: int, hours: float, name: str = "primary", cause: str = "Training") -> AspectResolved:
    return AspectResolved(
        **by(hours).stamp(case(number), version), aspect_id=aspect(number, name), outcome="partly-upheld",
        redress="refund", amount=Decimal("12.50"), currency="GBP", root_cause=cause,
        explanation=Sealed(PERSON, "We were slow"),
    )  # fmt: skip


def corrected(number: int, version: int, hours: float, name: str = "primary") -> DecisionCorrected:
    return DecisionCorrected(
        **by(hours).stamp(case(number), version), aspect_id=aspect(number, name), outcome="not-upheld",
        explanation=Sealed(PERSON, "We were right"), reason="Wrong customer",
    )  # fmt: skip


def closed(number: int, version: int, hours: float) -> CaseClosed:
    return CaseClosed(**by(hours).stamp(case(number), version), person_id=PERSON)


def reopened(number: int, version: int, hours: float) -> CaseReopened:
    return CaseReopened(**by(hours).stamp(case(number), version), reason="The customer disputes")


def story() -> list[Event]:
    """One complaint that came as a mention, through all topics; the case number is 1."""
    captured = MentionCaptured(
        **by(-2, actor="social.capture").stamp(UUID(int=501), 1), network="mastodon", person_id=PERSON,
        external_id=Sealed(PERSON, "9"), text=Sealed(PERSON, "They lost my letter"),
    )  # fmt: skip
    heard = SentimentMeasured(
        **by(-2, captured, "sentiment").stamp(UUID(int=601), 1), subject="mention", subject_id=UUID(int=501),
        person_id=PERSON, score=-0.7, heat="red", model="lexicon.v1",
    )  # fmt: skip
    promoted = MentionPromoted(
        **by(-1, captured).stamp(UUID(int=501), 2), complaint_id=case(1), person_id=PERSON,
        text=Sealed(PERSON, "They lost my letter"),
    )  # fmt: skip
    arrived = ArrivalRecorded(
        **by(-1, promoted).stamp(UUID(int=701), 1), channel="social", outcome="accepted", complaint_id=case(1)
    )
    received = ComplaintReceived(
        **by(-1, promoted).stamp(case(1), 1), reference="REF1-AAAA", channel="social", person_id=PERSON,
        narrative=Sealed(PERSON, "They lost my letter"), mention_id=UUID(int=501),
    )  # fmt: skip
    identified = PersonIdentified(
        **by(-1).stamp(PERSON, 1), name=Sealed(PERSON, "Ada Vale"), email=Sealed(PERSON, "ada@example.org"),
        preferred_channel="email",
    )  # fmt: skip
    written = MessageWritten(
        **by(-1, received, "intake.acknowledge").stamp(UUID(int=801), 1), complaint_id=case(1), person_id=PERSON,
        purpose="acknowledgement", channel="email", to=Sealed(PERSON, "ada@example.org"), subject=Sealed(PERSON, "Hi"),
        body=Sealed(PERSON, "Received"),
    )  # fmt: skip
    sent = MessageSent(**by(-0.5).stamp(UUID(int=801), 2), complaint_id=case(1), attempt=1)
    work = opened(1, -1, channel="social", cause=received)
    assigned = AspectAssigned(**by(1).stamp(case(1), 3), aspect_id=aspect(1), handler="ines@example.org")
    note = NoteAdded(**by(2).stamp(case(1), 4), note_id=UUID(int=901), text=Sealed(PERSON, "Ada Vale called"))
    ended = [resolved(1, 5, 3), closed(1, 6, 4)]
    asked = SurveyInvited(
        **by(4, ended[1], "surveys.invite").stamp(UUID(int=951), 1), case_id=case(1), questionnaire="handling.v1",
        person_id=PERSON, expires_at=at(800),
    )  # fmt: skip
    felt = SentimentMeasured(
        **by(6, actor="sentiment").stamp(UUID(int=602), 1), subject="response", subject_id=UUID(int=951),
        person_id=PERSON, score=0.4, heat="green", model="lexicon.v1",
    )  # fmt: skip
    gone = PersonErased(**by(9, actor="dpo@example.org").stamp(PERSON, 2), reason="Article 17")
    return [
        captured, heard, promoted, identified, arrived, received, written, *work, sent, assigned, note, *ended, asked,
        felt, gone,
    ]  # fmt: skip
