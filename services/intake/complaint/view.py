"""View of the complaints received and the status that the customer sees."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.events.cases import (
    AspectClassified,
    AspectEvent,
    AspectRaised,
    CaseClosed,
    CaseEvent,
    CaseOpened,
    CaseReopened,
    DecisionEvent,
)
from shared.events.complaints import ComplaintReceived
from shared.projections.view import Table, View, copy


@dataclass(slots=True)
class Complaint:
    complaint_id: UUID
    reference: str | None = None
    person_id: UUID | None = None
    channel: str | None = None
    external_id: str | None = None
    organisation: str | None = None
    product: str | None = None
    products: list[str] = field(default_factory=list)
    """Every one that it was ever given, here or at its case: retention looks at all of them."""
    issue: str | None = None
    narrative: str | None = None
    status: str = "received"
    received_at: datetime | None = None
    changed_at: datetime | None = None
    invented: bool = False


complaints = Table(
    "complaints", Complaint, person="person_id", personal=["narrative"],
    indexes=["btree (received_at desc, complaint_id)", "btree (reference)", "btree (external_id)"],
)  # fmt: skip
complaint_list = View("complaints", version=3, tables=[complaints])


@complaints.on(ComplaintReceived)
def received(row: Complaint, event: ComplaintReceived) -> None:
    copy(row, event)
    row.received_at = event.happened_at
    _is_about(row, event.product)
    row.changed_at = max(row.changed_at or event.recorded_at, event.recorded_at)


@complaints.on(AspectRaised, AspectClassified)
def classified(row: Complaint, event: AspectEvent) -> None:
    assert isinstance(event, AspectRaised | AspectClassified)
    _is_about(row, event.product)


@complaints.on(CaseOpened, AspectRaised, DecisionEvent, CaseClosed, CaseReopened)
def moved(row: Complaint, event: CaseEvent) -> None:
    """Received, being looked into, decided: three words are enough for somebody who waits."""
    row.status = "closed" if isinstance(event, CaseClosed) else "open"
    row.changed_at = max(row.changed_at or event.recorded_at, event.recorded_at)


def _is_about(row: Complaint, product: str | None) -> None:
    """In no order of time: what the case says may be read before what was received."""
    if product is not None:
        row.products = sorted({*row.products, product})
