"""Letters to customers: the acknowledgement, a new link, and the invitation to a survey."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from services.intake.complaint.receiving import reference_of
from services.intake.person.state import Person
from shared.events import Event, Provenance
from shared.events.cases import ReplyReleased
from shared.events.complaints import ComplaintReceived, MessageFailed, MessageWritten
from shared.events.sealed import Sealed, plaintext
from shared.events.surveys import SurveyInvited
from shared.web.templating import gettext as _
from shared.web.words import day

ACKNOWLEDGEMENT = """{greeting}

We have your complaint. Your reference is {reference}. Quote it whenever you write to us or call us.

Thank you for telling us. A complaint handler will look into what happened and write to you with our decision.
We’ll keep you updated, and you will have our final response by {due} at the latest.

Track your complaint:
{link}
"""
INVITATION = """{greeting}

Your complaint is closed. How did we handle it? Answering takes two minutes and helps us improve:
{link}

This link is private and works until {until}.
"""
NEW_LINK = """{greeting}

Here is the new link to your complaint {reference}:
{link}

It is private. If you did not ask for this, ignore this email. No one has seen your complaint.
"""

LONGEST_NAME = 80
NO_NAME = re.compile(r"[/\n]|www\.|\.[^\W\d_]{2,}\b", re.IGNORECASE)
"""Text that holds a link or begins a paragraph."""


def greeting(person: Person) -> str:
    """By name, if it is one: anybody may have typed it, with the address of somebody else."""
    name = person.name or ""
    known = 0 < len(name) <= LONGEST_NAME and not NO_NAME.search(name)
    return _("Dear %(name)s,") % {"name": name} if known else _("Hello,")


def _by_mail(person: Person) -> bool:
    """True if we write to them unasked: they gave an address and prefer email."""
    return person.email is not None and person.preferred_channel == "email"


def acknowledge(received: ComplaintReceived, person: Person, link: str, due: datetime, by: Provenance) -> list[Event]:
    """On the channel that the person prefers, where they gave an address for it; else nothing is written."""
    if not _by_mail(person):
        return []
    body = _(ACKNOWLEDGEMENT).format(
        greeting=greeting(person), reference=received.reference, due=day(due, _), link=link
    )
    id_ = acknowledgement_id(received.originator_id)
    subject = _("We have your complaint [%(reference)s]") % {"reference": received.reference}
    return [_letter(id_, person, subject, body, by, complaint_id=received.originator_id, purpose="acknowledgement")]


def acknowledgement_id(complaint_id: UUID) -> UUID:
    """One acknowledgement per complaint, however often it is asked for."""
    return uuid5(complaint_id, "acknowledgement")


def new_link(message_id: UUID, received: ComplaintReceived, person: Person, link: str, by: Provenance) -> list[Event]:
    """To the address that we know, whoever asked for it."""
    body = _(NEW_LINK).format(greeting=greeting(person), reference=received.reference, link=link)
    subject = _("The link to your complaint [%(reference)s]") % {"reference": received.reference}
    return [_letter(message_id, person, subject, body, by, complaint_id=received.originator_id, purpose="reply")]


def invite(invited: SurveyInvited, person: Person, link: str, by: Provenance) -> list[Event]:
    """The link to the survey, for whoever would get the acknowledgement too."""
    if not _by_mail(person):
        return []
    id_ = uuid5(invited.originator_id, "invitation")
    body = _(INVITATION).format(greeting=greeting(person), link=link, until=day(invited.expires_at, _))
    subject = _("How did we do?")
    return [_letter(id_, person, subject, body, by, complaint_id=invited.case_id, purpose="survey-invitation")]


def reply(released: ReplyReleased, person: Person, by: Provenance) -> list[Event]:
    """The handler's own words, under an ID that follows from the reply; without an address it fails at once."""
    if person.email is None:
        return [
            MessageFailed(
                **by.stamp(released.reply_id, 1), complaint_id=released.originator_id, attempt=1, error="NoAddress",
                final=True,
            )
        ]  # fmt: skip
    reference, subject = reference_of(released.originator_id), plaintext(released.subject) or ""
    subject = subject if reference in subject else f"{subject} [{reference}]"
    return [
        _letter(
            released.reply_id, person, subject, plaintext(released.body) or "", by,
            complaint_id=released.originator_id, purpose="reply",
        )
    ]  # fmt: skip


def _letter(id_: UUID, person: Person, subject: str, body: str, by: Provenance, **about: Any) -> MessageWritten:
    assert person.email is not None
    return MessageWritten(
        **by.stamp(id_, 1), **about, person_id=person.id, channel="email",
        to=Sealed(person.id, person.email), subject=Sealed(person.id, subject), body=Sealed(person.id, body),
    )  # fmt: skip
