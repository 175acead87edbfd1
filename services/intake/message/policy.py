"""Policies: acknowledge complaints, send replies, receive mentions as complaints, and send invitations to surveys."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

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

A = TypeVar("A", ComplaintReceived, ReplyReleased, SurveyInvited)
FINAL_RESPONSE = timedelta(weeks=8)
"""DISP 1.6.2R: the final response is due within eight weeks of receipt."""


def acknowledge(settings: Settings) -> Policy:
    """Says that we have the complaint, with the link that follows it."""
    signer = Signer(settings.secret)

    def write(received: ComplaintReceived, to: Person, by: Provenance) -> list[Event]:
        if received.channel == "import":
            return []
        link = links.make(signer, settings.url, received.originator_id)
        return letters.acknowledge(received, to, link, received.happened_at + FINAL_RESPONSE, by)

    return _writes("acknowledge", ComplaintReceived, write)


def invite(settings: Settings) -> Policy:
    """Sends the link to a survey."""
    signer = Signer(settings.secret)

    def write(invited: SurveyInvited, to: Person, by: Provenance) -> list[Event]:
        link = f"{settings.url}/surveys/answer/{signer.sign('survey', str(invited.originator_id))}"
        return letters.invite(invited, to, link, by)

    return _writes("invite", SurveyInvited, write)


def send_reply(released: ReplyReleased, to: Person, by: Provenance) -> list[Event]:
    """The handler's words become a message of theirs."""
    return letters.reply(released, to, replace(by, actor=released.actor))


def _writes(name: str, kind: type[A], write: Callable[[A, Person, Provenance], list[Event]]) -> Policy:
    """A policy that writes to the person of each event of this kind, unless they are erased."""

    def react(store: Store, batch: Sequence[Opened]) -> list[Event]:
        about = [(record, event) for record, event in batch if isinstance(event, kind)]
        people = store.load_many([event.person_id for _, event in about], person.evolve)
        return [
            written
            for record, event in about
            if event.person_id in people and not people[event.person_id].erased
            for written in write(
                event, people[event.person_id], Provenance(f"intake.{name}", event.recorded_at, record.id)
            )
        ]  # fmt: skip

    return Policy(name, (kind,), react)


replies = _writes("reply", ReplyReleased, send_reply)


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
