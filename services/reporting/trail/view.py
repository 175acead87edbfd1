"""What happened to a complaint: every event of every topic, when, by whom, and caused by what?

The payload stays as it was sent, so personal words are here only as the sealed boxes that the events hold.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from psycopg.rows import dict_row

from shared.events import EVENTS, Event, wire_name
from shared.events.complaints import ArrivalRecorded, LinkRevoked, MessageEvent
from shared.events.mentions import MentionPromoted
from shared.events.people import PersonEvent
from shared.events.sentiments import SentimentMeasured
from shared.events.surveys import SurveyEvent
from shared.kafka.records import Record
from shared.projections.view import Table, View

MOST = 2000
"""Rows of one trail on a page."""


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
    "trail", Entry, once=True,
    indexes=[
        "btree (subject, recorded_at)", "btree (originator_id, recorded_at) where subject <> originator_id",
        "btree (recorded_at desc, event_id desc)", "btree (reference) where reference is not null",
    ],
)  # fmt: skip
audit = View("trail", version=2, tables=[trail])


@trail.on_record(*EVENTS.values(), key=lambda event: event.id)
def recorded(row: Entry, event: Event, record: Record) -> None:
    row.topic, row.partition, row.position, row.name = event.topic, record.partition, record.position, wire_name(event)
    row.subject, row.person_id = subject_of(event), person_of(event)
    row.originator_id, row.version = event.originator_id, event.originator_version
    row.reference = getattr(event, "reference", None)
    row.happened_at, row.recorded_at = event.happened_at, event.recorded_at
    row.actor, row.caused_by = event.actor, event.caused_by
    row.payload = orjson.loads(record.value)


def subject_of(event: Event) -> UUID:
    """Whose story it belongs to: the complaint's where it names one, else its own aggregate's."""
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


COLUMNS = (
    "event_id, topic, partition, position, subject, originator_id, version, person_id, name, happened_at,"
    " recorded_at, actor, caused_by, payload"
)
STORY = f"""
with own as (
  select subject, originator_id, person_id, reference from trail
  where (subject = %(id)s or originator_id = %(id)s and subject <> originator_id) and recorded_at <= %(at)s::timestamptz
),
related as (
  select %(id)s::uuid as id union select originator_id from own
  union select person_id from own where subject = originator_id and person_id is not null and reference is not null
)
select {COLUMNS} from trail
where (subject = any(array(select id from related)) or originator_id = %(id)s and subject <> originator_id)
and recorded_at <= %(at)s::timestamptz
order by recorded_at, topic, position limit {MOST}
"""
"""Its own events, and those of its messages, its mention, its survey response and its complainant."""


async def trail_of(conn: Any, subject: UUID, as_at: datetime | None = None) -> list[dict[str, Any]]:
    """All that had been recorded about a complaint (or a person, a mention, a response) by an instant."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(STORY, {"id": subject, "at": as_at or "infinity"})
        return in_order(await cursor.fetchall())


def in_order(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """By the time of writing; where that is the same, a cause stands before what it led to."""
    causes = {row["event_id"]: row["caused_by"] for row in rows}
    depths: dict[str, int] = defaultdict(int)
    for event_id, cause in causes.items():
        seen, at = {event_id}, cause
        while at in causes and at not in seen:
            seen.add(at)
            at = causes[at]
        depths[event_id] = len(seen)
    return sorted(rows, key=lambda row: (row["recorded_at"], depths[row["event_id"]], row["topic"], row["position"]))


async def subject_with(conn: Any, reference: str) -> UUID | None:
    """The complaint that customers call by this reference."""
    found = await conn.execute("select subject from trail where reference = %s limit 1", [reference.upper()])
    row = await found.fetchone()
    return None if row is None else row[0]


async def latest(conn: Any, after: tuple[datetime, str] | None, limit: int) -> list[dict[str, Any]]:
    """The last to be recorded first."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            f"select {COLUMNS} from trail where %(at)s::timestamptz is null"
            " or (recorded_at, event_id) < (%(at)s, %(id)s) order by recorded_at desc, event_id desc limit %(limit)s",
            {"at": after and after[0], "id": after and after[1], "limit": limit},
        )
        rows: list[dict[str, Any]] = await cursor.fetchall()
        return rows
