"""View of the audit trail: every event of every topic, its time, actor and cause.

The payload stays as it was sent, so personal words are here only as the sealed boxes that the events hold.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from shared.events import EVENTS, Event
from shared.events.complaints import ArrivalRecorded, LinkRevoked, MessageEvent
from shared.events.mentions import MentionPromoted
from shared.events.people import PersonEvent
from shared.events.sentiments import SentimentMeasured
from shared.events.surveys import SurveyEvent
from shared.kafka.records import Record
from shared.projections.view import Table, View


@dataclass(slots=True)
class Entry:
    """`subject` is the complaint where there is one; `happened_at` is when it happened, not when it was written."""

    event_id: str
    topic: str | None = None
    partition: int | None = None
    position: int | None = None
    subject: UUID | None = None
    originator_id: UUID | None = None
    version: int | None = None
    person_id: UUID | None = None
    reference: str | None = None
    name: str | None = None
    happened_at: datetime | None = None
    recorded_at: datetime | None = None
    actor: str | None = None
    caused_by: str | None = None
    payload: dict[str, Any] | None = None


trail = Table(
    "trail", Entry, append_only=True,
    indexes=[
        "btree (subject, recorded_at)", "btree (originator_id, recorded_at) where subject <> originator_id",
        "btree (recorded_at desc, event_id desc)", "btree (reference) where reference is not null",
    ],
)  # fmt: skip
audit = View("trail", version=2, tables=[trail])


@trail.on_record(*EVENTS.values(), key=lambda event: event.id)
def recorded(row: Entry, event: Event, record: Record) -> None:
    row.topic, row.partition, row.position, row.name = event.topic, record.partition, record.position, record.name
    row.subject, row.person_id = subject_of(event), person_of(event)
    row.originator_id, row.version = event.originator_id, event.originator_version
    row.reference = getattr(event, "reference", None)
    row.happened_at, row.recorded_at = event.happened_at, event.recorded_at
    row.actor, row.caused_by = event.actor, event.caused_by
    row.payload = orjson.loads(record.value)


def subject_of(event: Event) -> UUID:
    """The complaint that it belongs to where it names one, else its own aggregate."""
    match event:
        case ArrivalRecorded():
            return event.complaint_id or event.originator_id
        case MessageEvent() | MentionPromoted() | LinkRevoked():
            return event.complaint_id
        case SurveyEvent():
            return event.case_id
        case SentimentMeasured():
            return event.subject_id
    return event.originator_id


def person_of(event: Event) -> UUID | None:
    return event.originator_id if isinstance(event, PersonEvent) else getattr(event, "person_id", None)
