"""Policies: acknowledge complaints, send replies, receive mentions as complaints, and send invitations to surveys."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.intake.complaint import links
from services.intake.complaint.receiving import Arrival, Grievance, receive
from services.intake.message import letters
from services.intake.person import state as person
from services.intake.person.state import Person
from shared.events import Event, Provenance
from shared.events.cases import ReplyReleased
from shared.events.complaints import ComplaintReceived
from shared.events.mentions import MentionPromoted
from shared.events.sealed import plaintext
from shared.events.surveys import SurveyInvited
from shared.eventstore.store import Store
from shared.projections.fold import Opened
from shared.projections.policies import Policy
from shared.security.signing import Signer
from shared.service.settings import Settings

FINAL_RESPONSE = timedelta(weeks=8)
"""DISP 1.6.2R: the final response is due within eight weeks of receipt."""


def acknowledge(settings: Settings) -> Policy:
    """Says that we have the complaint, with the link that follows it."""
    signer = Signer(settings.secret)

    def react(store: Store, batch: Sequence[Opened]) -> list[Event]:
        people = _people(store, batch)
        return [
            written
            for record, event in batch
            if isinstance(event, ComplaintReceived) and event.channel != "import" and event.person_id in people
            for written in letters.acknowledge(
                event, people[event.person_id],
                links.make(signer, settings.url, event.originator_id),
                event.happened_at + FINAL_RESPONSE,
                Provenance("intake.acknowledge", event.recorded_at, record.id),
            )
        ]  # fmt: skip

    return Policy("acknowledge", (ComplaintReceived,), react)


def invite(settings: Settings) -> Policy:
    """Sends the link to a survey."""
    signer = Signer(settings.secret)

    def react(store: Store, batch: Sequence[Opened]) -> list[Event]:
        people = _people(store, batch)
        return [
            written
            for record, event in batch
            if isinstance(event, SurveyInvited) and event.person_id in people
            for written in letters.invite(
                event, people[event.person_id],
                f"{settings.url}/surveys/answer/{signer.sign('survey', str(event.originator_id))}",
                Provenance("intake.invite", event.recorded_at, record.id),
            )
        ]  # fmt: skip

    return Policy("invite", (SurveyInvited,), react)


def send_replies(store: Store, batch: Sequence[Opened]) -> list[Event]:
    """The reply becomes a message, on the way on which the person wants to be answered."""
    people = _people(store, batch)
    return [
        written
        for record, event in batch
        if isinstance(event, ReplyReleased) and event.person_id in people
        for written in letters.reply(
            event, people[event.person_id], Provenance(event.actor, event.recorded_at, record.id)
        )
    ]  # fmt: skip


replies = Policy("reply", (ReplyReleased,), send_replies)


def promote(store: Store, batch: Sequence[Opened]) -> list[Event]:
    """The mention's text is the narrative; the link to the mention stays. The firm received it with the mention."""
    return [
        made
        for record, event in batch
        if isinstance(event, MentionPromoted)
        for made in receive(
            event.complaint_id, event.person_id, Arrival("social", "mentions", str(event.originator_id)),
            Grievance(narrative=plaintext(event.text)),
            Provenance(event.actor, event.recorded_at, record.id, occurred_at=_received_at(event)),
            mention_id=event.originator_id, invented=event.invented,
        )
    ]  # fmt: skip


promotion = Policy("promote", (MentionPromoted,), promote)


def _received_at(event: MentionPromoted) -> datetime | None:
    """Never after the promotion, whatever the clocks say; older events do not tell."""
    return event.captured_at and min(event.captured_at, event.recorded_at)


def _people(store: Store, batch: Sequence[Opened]) -> dict[object, Person]:
    wanted = [
        event.person_id for _, event in batch if isinstance(event, ComplaintReceived | ReplyReleased | SurveyInvited)
    ]
    found = store.load_many(wanted, person.evolve)
    return {id_: one for id_, one in found.items() if not one.erased}
