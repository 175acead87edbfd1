"""View of the timeline of a case: messages, notes and decisions in one order."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from shared.events import Event
from shared.events.cases import (
    AspectEvent,
    AspectRaised,
    CaseEvent,
    CaseOpened,
    ContactLogged,
    ReplyEvent,
    ReplyReleased,
    ReplyWritten,
)
from shared.events.complaints import (
    ComplaintReceived,
    MessageEvent,
    MessageFailed,
    MessageReceived,
    MessageSent,
    MessageWritten,
)
from shared.events.sealed import plaintext
from shared.features.event_text import facts_of, sealed_of
from shared.projections.view import Table, View

MOST = 500
LINK = re.compile(r"(/(?:complain/track|surveys/answer)/)[\w.~-]+")
"""A customer's link in a message is shortened: its holder would be taken for the customer."""


@dataclass(slots=True)
class Entry:
    """One event as people read it; `about` is the aspect or message that it is about, `facts` are its open fields."""

    entry_id: str
    case_id: UUID | None = None
    person_id: UUID | None = None
    kind: str | None = None
    who: str | None = None
    at: datetime | None = None
    recorded_at: datetime | None = None
    number: int = 0
    about: UUID | None = None
    facts: dict[str, Any] | None = None
    heading: str | None = None
    words: str | None = None
    wanted: str | None = None
    agreed: str | None = None


entries = Table(
    "timeline", Entry, person="person_id", personal=["heading", "words", "wanted", "agreed"], append_only=True,
    indexes=["btree (case_id, at)"],
)  # fmt: skip
timeline = View("timeline", version=4, tables=[entries])


def _write(row: Entry, event: Event, case_id: UUID, about: UUID | None = None) -> None:
    row.case_id, row.about, row.kind, row.who = case_id, about, event.type, event.actor
    row.at, row.recorded_at, row.number = event.happened_at, event.recorded_at, event.originator_version
    row.facts = facts_of(event)
    for text in sealed_of(event).values():
        row.person_id, row.words = text.person, plaintext(text)


def _news(event: CaseEvent) -> str | None:
    """The opening and the primary aspect are what the complaint says, and a reply is shown once: no news."""
    repeats = isinstance(event, CaseOpened | ReplyReleased) or (isinstance(event, AspectRaised) and event.primary)
    return None if repeats else event.id


@entries.on(CaseEvent, key=_news)
def happened(row: Entry, event: CaseEvent) -> None:
    _write(row, event, event.originator_id, _about(event))
    match event:
        case ReplyWritten():
            row.heading, row.words = plaintext(event.subject), plaintext(event.body)
        case ContactLogged():
            row.words, row.agreed = plaintext(event.summary), plaintext(event.agreed)


def _about(event: CaseEvent) -> UUID | None:
    match event:
        case AspectEvent():
            return event.aspect_id
        case ReplyEvent():
            return event.reply_id
    return None


@entries.on(ComplaintReceived, key=lambda event: event.id)
def received(row: Entry, event: ComplaintReceived) -> None:
    _write(row, event, event.originator_id)
    row.person_id, row.words, row.wanted = event.person_id, plaintext(event.narrative), plaintext(event.wanted)


@entries.on(MessageReceived, key=lambda event: event.id)
def wrote(row: Entry, event: MessageReceived) -> None:
    _write(row, event, event.complaint_id, event.originator_id)


@entries.on(MessageWritten, key=lambda event: event.id)
def written(row: Entry, event: MessageWritten) -> None:
    _write(row, event, event.complaint_id, event.originator_id)
    body = plaintext(event.body)
    row.heading, row.words = plaintext(event.subject), body and LINK.sub(r"\1…", body)


@entries.on(MessageSent, MessageFailed, key=lambda event: event.id)
def delivered(row: Entry, event: MessageEvent) -> None:
    _write(row, event, event.complaint_id, event.originator_id)


async def of_case(conn: Any, case_id: UUID) -> list[dict[str, Any]]:
    """The newest at the bottom; of a very long case the complaint itself and the latest part."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "select entry_id, kind, who, at, recorded_at, number, about, facts, heading, words, wanted, agreed from"
            " (select * from timeline where case_id = %s"
            " order by kind = 'complaint.received' desc, at desc, recorded_at desc, number desc,"
            " entry_id desc limit %s) shown order by at, recorded_at, number, entry_id",
            [case_id, MOST],
        )
        return list(await cursor.fetchall())
