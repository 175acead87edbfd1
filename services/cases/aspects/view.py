"""View of the aspects of a case: classification, owner, decision and redress of each."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from shared.events.cases import (
    AspectAssigned,
    AspectClassified,
    AspectEvent,
    AspectRaised,
    AspectResolved,
    DecisionEvent,
)
from shared.projections.view import Table, View, copy


@dataclass(slots=True)
class AspectRow:
    aspect_id: UUID
    case_id: UUID | None = None
    person_id: UUID | None = None
    is_primary: bool = False
    product: str | None = None
    sub_product: str | None = None
    issue: str | None = None
    sub_issue: str | None = None
    handler: str | None = None
    outcome: str | None = None
    redress: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    root_cause: str | None = None
    summary: str | None = None
    explanation: str | None = None
    raised_at: datetime | None = None
    resolved_at: datetime | None = None


@dataclass(slots=True)
class Handler:
    """An account that was ever given an aspect: whom to suggest as an owner."""

    account: str
    assigned_at: datetime | None = None


aspects = Table(
    "aspects", AspectRow, person="person_id", personal=["summary", "explanation"],
    indexes=[
        "btree (case_id)",
        "btree (outcome, case_id) where outcome is not null",
        "btree (root_cause, case_id) where root_cause is not null",
    ],
)  # fmt: skip
handlers = Table("handlers", Handler)
aspect_list = View("aspects", version=2, tables=[aspects, handlers])


@aspects.on(AspectRaised, AspectClassified, AspectAssigned, DecisionEvent, key=lambda event: event.aspect_id)
def worked(row: AspectRow, event: AspectEvent) -> None:
    copy(row, event)


@aspects.on(AspectRaised, key=lambda event: event.aspect_id)
def raised(row: AspectRow, event: AspectRaised) -> None:
    row.case_id, row.is_primary, row.raised_at = event.originator_id, event.primary, event.happened_at
    row.person_id = event.summary.person if event.summary else None


@aspects.on(DecisionEvent, key=lambda event: event.aspect_id)
def resolved(row: AspectRow, event: DecisionEvent) -> None:
    if isinstance(event, AspectResolved):
        row.resolved_at = event.happened_at
    row.person_id = event.explanation.person if event.explanation else row.person_id


@handlers.on(AspectAssigned, key=lambda event: event.handler)
def given(row: Handler, event: AspectAssigned) -> None:
    row.assigned_at = max(row.assigned_at or event.recorded_at, event.recorded_at)


async def of_case(conn: Any, case_id: UUID) -> list[dict[str, Any]]:
    """The primary aspect first, then as they were raised."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "select * from aspects where case_id = %s order by is_primary desc, raised_at, aspect_id", [case_id]
        )
        return list(await cursor.fetchall())


async def known_handlers(conn: Any) -> list[str]:
    """Accounts that have worked on cases lately."""
    found = await conn.execute("select account from handlers order by assigned_at desc limit 200")
    return sorted(row[0] for row in await found.fetchall())
