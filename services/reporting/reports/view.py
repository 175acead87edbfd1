"""View behind the reports: counts of complaints and aspects at any instant.

`changes` keeps each step for ever, so that any instant can be folded; `case_now` and `aspect_now` are the fold of all
of them, for the figures of today. One case's steps are one aggregate's events: their version alone orders them.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from shared.events.cases import (
    AspectClassified,
    AspectEvent,
    AspectRaised,
    AspectResolved,
    CaseClosed,
    CaseEvent,
    CaseOpened,
    CaseReopened,
    DecisionCorrected,
    DecisionEvent,
)
from shared.projections.view import Table, View, copy


@dataclass(slots=True)
class Change:
    """One step of a case; what the event says nothing about is null."""

    event_id: str
    kind: str | None = None
    case_id: UUID | None = None
    aspect_id: UUID | None = None
    version: int | None = None
    recorded_at: datetime | None = None
    main: bool | None = None
    product: str | None = None
    sub_product: str | None = None
    issue: str | None = None
    sub_issue: str | None = None
    outcome: str | None = None
    redress: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    root_cause: str | None = None
    reference: str | None = None
    channel: str | None = None
    received_at: datetime | None = None
    organisation: str | None = None
    invented: bool | None = None


@dataclass(slots=True)
class CaseNow:
    case_id: UUID
    reference: str | None = None
    channel: str | None = None
    received_at: datetime | None = None
    organisation: str | None = None
    invented: bool = False
    closed_at: datetime | None = None


@dataclass(slots=True)
class AspectNow:
    aspect_id: UUID
    case_id: UUID | None = None
    main: bool = False
    product: str | None = None
    sub_product: str | None = None
    issue: str | None = None
    sub_issue: str | None = None
    outcome: str | None = None
    redress: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    root_cause: str | None = None


changes = Table(
    "changes", Change, append_only=True,
    indexes=["btree (aspect_id, version desc) where aspect_id is not null", "btree (case_id, version desc)"],
)  # fmt: skip
case_now = Table("case_now", CaseNow, indexes=["btree (received_at desc, case_id desc)"])
aspect_now = Table("aspect_now", AspectNow, indexes=["btree (case_id)"])
counts = View("counts", version=3, tables=[changes, case_now, aspect_now])

STEPS: dict[type[CaseEvent], str] = {
    CaseOpened: "opened", AspectRaised: "raised", AspectClassified: "classified", AspectResolved: "resolved",
    DecisionCorrected: "resolved", CaseClosed: "closed", CaseReopened: "reopened",
}  # fmt: skip
"""A correction is a step like the decision that it replaces: the last one by an instant counts."""


@changes.on(*STEPS, key=lambda event: event.id)
def changed(row: Change, event: CaseEvent) -> None:
    copy(row, event)
    row.kind, row.case_id, row.version = STEPS[type(event)], event.originator_id, event.originator_version
    if isinstance(event, AspectRaised):
        row.main = event.primary


@case_now.on(CaseOpened, CaseClosed, CaseReopened)
def moved(row: CaseNow, event: CaseEvent) -> None:
    copy(row, event)
    row.closed_at = event.recorded_at if isinstance(event, CaseClosed) else None


@aspect_now.on(AspectRaised, AspectClassified, DecisionEvent, key=lambda event: event.aspect_id)
def worked(row: AspectNow, event: AspectEvent) -> None:
    """A classification replaces the one before it whole; a decision leaves it as it is."""
    copy(row, event)
    row.case_id = event.originator_id
    if isinstance(event, AspectRaised):
        row.main = event.primary
