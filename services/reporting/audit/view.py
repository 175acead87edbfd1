"""View of the signed checkpoints."""

from dataclasses import dataclass
from datetime import datetime

from shared.events.reports import CheckpointSealed
from shared.projections.view import Table, View, copy


@dataclass(slots=True)
class Sealed:
    number: int
    sealed_at: datetime | None = None
    size: int = 0
    root: str | None = None
    key: str | None = None
    note: str | None = None


sealed = Table("checkpoints", Sealed, append_only=True)
checkpoints = View("checkpoints", version=1, tables=[sealed])


@sealed.on(CheckpointSealed, key=lambda event: event.originator_version)
def was_sealed(row: Sealed, event: CheckpointSealed) -> None:
    copy(row, event)
    row.sealed_at = event.recorded_at
