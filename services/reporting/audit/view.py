"""View of the signed checkpoints."""

from dataclasses import dataclass
from datetime import datetime

from shared.events.reports import CheckpointSealed
from shared.projections.view import Table, View


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
    row.sealed_at, row.size, row.root, row.key, row.note = (
        event.recorded_at, event.size, event.root, event.key, event.note,
    )  # fmt: skip
