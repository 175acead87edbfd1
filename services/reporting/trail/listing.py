"""The audit trail: what was recorded last, and the story of one complaint, person, mention or response."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from pydantic import BaseModel, Field

from services.reporting.trail.view import audit
from shared.features.listing import Listing, Sort
from shared.problems import NotFound

MOST = 2000
"""Rows of one trail on a page."""


class NothingRecorded(NotFound):
    """No events found for this ID. Check it, or search by reference."""


class Recorded(BaseModel):
    """One event of any topic. Sealed fields of `payload` stay sealed."""

    event_id: str
    topic: str
    partition: int
    position: int
    subject: UUID
    originator_id: UUID = Field(exclude=True)
    version: int = Field(description="Its place among its aggregate's events.")
    name: str = Field(description="Type and version of the event.")
    person_id: UUID | None
    happened_at: datetime
    recorded_at: datetime
    actor: str
    caused_by: str | None
    payload: dict[str, Any]


LATEST = Listing(
    "events", Recorded, view=audit, may="audit.read", source="trail e", alias="e",
    sorts={"recorded": Sort(("recorded_at", "event_id"), "btree (recorded_at desc, event_id desc)")}, sort="-recorded",
)  # fmt: skip
COLUMNS = LATEST.select
STORY = f"""
with own as (
  select subject, originator_id, person_id, reference from trail
  where (subject = %(id)s or originator_id = %(id)s and subject <> originator_id) and recorded_at <= %(at)s::timestamptz
),
related as (
  select %(id)s::uuid as id union select originator_id from own
  union select person_id from own where subject = originator_id and person_id is not null and reference is not null
)
select {COLUMNS} from trail e
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
