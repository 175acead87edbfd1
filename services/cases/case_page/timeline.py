"""What happened in a case: said, written, noted, decided, in one line of time?"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from shared.events import Event
from shared.events.cases import (
    AlertRaised,
    AspectAssigned,
    AspectClassified,
    AspectRaised,
    AspectResolved,
    CaseClosed,
    CaseReopened,
    NoteAdded,
    PriorityChanged,
)
from shared.events.complaints import ComplaintReceived, MessageFailed, MessageSent, MessageWritten
from shared.events.sealed import Sealed, words
from shared.projections.view import Table, View

MOST = 500
LINK = re.compile(r"(/(?:complain/track|surveys/answer)/)[\w.~-]+")
"""Whoever holds a customer's link is the customer: colleagues read that it was sent."""


@dataclass(slots=True)
class Entry:
    """One event as people read it; `about` is the aspect or message that it is about, `facts` are its plain fields."""

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


entries = Table(
    "timeline", Entry, person="person_id", personal=["heading", "words", "wanted"], once=True,
    indexes=["btree (case_id, at)"],
)  # fmt: skip
timeline = View("timeline", version=2, tables=[entries])


def _write(
    row: Entry, event: Event, case_id: UUID, about: UUID | None = None, text: Sealed | None = None, **facts: Any
) -> None:
    row.case_id, row.about, row.kind, row.who = case_id, about, event.type, event.actor
    row.at, row.recorded_at, row.number = event.happened_at, event.recorded_at, event.originator_version
    row.facts = {name: str(value) for name, value in facts.items() if value is not None}
    if text is not None:
        row.person_id, row.words = text.person, words(text)


@entries.on(ComplaintReceived, key=lambda event: event.id)
def received(row: Entry, event: ComplaintReceived) -> None:
    _write(row, event, event.originator_id, text=event.narrative, channel=event.channel, mention=event.mention_id)
    row.person_id, row.wanted = event.person_id, words(event.wanted)


@entries.on(MessageWritten, key=lambda event: event.id)
def written(row: Entry, event: MessageWritten) -> None:
    _write(
        row, event, event.complaint_id, event.originator_id, event.body, purpose=event.purpose, channel=event.channel
    )
    row.heading = words(event.subject)
    row.words = row.words and LINK.sub(r"\1…", row.words)


@entries.on(MessageSent, key=lambda event: event.id)
def sent(row: Entry, event: MessageSent) -> None:
    _write(row, event, event.complaint_id, event.originator_id, attempt=event.attempt)


@entries.on(MessageFailed, key=lambda event: event.id)
def failed(row: Entry, event: MessageFailed) -> None:
    _write(
        row, event, event.complaint_id, event.originator_id, attempt=event.attempt, error=event.error,
        final="yes" if event.final else None,
    )  # fmt: skip


@entries.on(AspectRaised, key=lambda event: None if event.primary else event.id)
def raised(row: Entry, event: AspectRaised) -> None:
    """The primary aspect is what the complaint says: no news."""
    _write(row, event, event.originator_id, event.aspect_id, event.summary, product=event.product, issue=event.issue)


@entries.on(AspectClassified, key=lambda event: event.id)
def classified(row: Entry, event: AspectClassified) -> None:
    _write(row, event, event.originator_id, event.aspect_id, product=event.product, issue=event.issue)


@entries.on(AspectAssigned, key=lambda event: event.id)
def assigned(row: Entry, event: AspectAssigned) -> None:
    _write(row, event, event.originator_id, event.aspect_id, handler=event.handler)


@entries.on(AspectResolved, key=lambda event: event.id)
def resolved(row: Entry, event: AspectResolved) -> None:
    _write(
        row, event, event.originator_id, event.aspect_id, event.explanation, outcome=event.outcome,
        redress=event.redress, amount=event.amount, currency=event.currency, root_cause=event.root_cause,
    )  # fmt: skip


@entries.on(NoteAdded, key=lambda event: event.id)
def noted(row: Entry, event: NoteAdded) -> None:
    _write(row, event, event.originator_id, event.note_id, event.text)


@entries.on(PriorityChanged, key=lambda event: event.id)
def prioritised(row: Entry, event: PriorityChanged) -> None:
    _write(row, event, event.originator_id, priority=event.priority, reason=event.reason)


@entries.on(AlertRaised, key=lambda event: event.id)
def alerted(row: Entry, event: AlertRaised) -> None:
    _write(row, event, event.originator_id, alert=event.kind, reason=event.reason)


@entries.on(CaseClosed, key=lambda event: event.id)
def closed(row: Entry, event: CaseClosed) -> None:
    _write(row, event, event.originator_id)


@entries.on(CaseReopened, key=lambda event: event.id)
def reopened(row: Entry, event: CaseReopened) -> None:
    _write(row, event, event.originator_id, reason=event.reason)


async def of_case(conn: Any, case_id: UUID) -> list[dict[str, Any]]:
    """The newest at the bottom; of a very long case the complaint itself and the last part."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "select entry_id, kind, who, at, recorded_at, about, facts, heading, words, wanted from"
            " (select * from timeline where case_id = %s"
            " order by kind = 'complaint.received' desc, at desc, recorded_at desc, number desc,"
            " entry_id desc limit %s) shown order by at, recorded_at, number, entry_id",
            [case_id, MOST],
        )
        return list(await cursor.fetchall())
