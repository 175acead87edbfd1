"""View of arrivals and their outcomes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.events.complaints import ArrivalRecorded
from shared.projections.view import Table, View, copy


@dataclass(slots=True)
class Receipt:
    arrival_id: UUID
    channel: str | None = None
    outcome: str | None = None
    complaint_id: UUID | None = None
    source: str | None = None
    line: int | None = None
    reasons: list[str] | None = None
    recorded_at: datetime | None = None
    received_at: datetime | None = None


receipts = Table("receipts", Receipt, append_only=True, indexes=["btree (recorded_at desc)", "btree (source, outcome)"])
ledger = View("ledger", version=1, tables=[receipts])


@receipts.on(ArrivalRecorded)
def recorded(row: Receipt, event: ArrivalRecorded) -> None:
    copy(row, event)
    row.received_at = event.happened_at
