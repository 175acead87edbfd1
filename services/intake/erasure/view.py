"""View of erasures: who asked, from when it is possible, and when it happened."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.events.people import ErasureDeferred, PersonErased, PersonEvent, PersonHeld, PersonHoldLifted
from shared.features.due import Due
from shared.projections.view import Table, View, copy


@dataclass(slots=True)
class Erasure:
    person_id: UUID
    reason: str | None = None
    holds: list[str] | None = None
    until: date | None = None
    asked_at: datetime | None = None
    erased_at: datetime | None = None


asked = Table("erasures", Erasure, indexes=["btree (until) where erased_at is null"])
erasures = View("erasures", version=2, tables=[asked])
due = Due(erasures, asked, "until", where="erased_at is null")


@asked.on(ErasureDeferred)
def deferred(row: Erasure, event: ErasureDeferred) -> None:
    copy(row, event)
    row.asked_at = row.asked_at or event.happened_at


@asked.on(PersonHeld, PersonHoldLifted)
def held_otherwise(row: Erasure, event: PersonEvent) -> None:
    """Looked at again at once: what holds them now defers it anew."""
    if row.asked_at is not None:
        row.until = event.recorded_at.date()


@asked.on(PersonErased)
def erased(row: Erasure, event: PersonErased) -> None:
    row.reason, row.erased_at = event.reason, event.recorded_at
    row.asked_at = row.asked_at or event.happened_at
