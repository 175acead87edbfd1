"""View of measurements: score and heat of each text, by model."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.events.sentiments import SentimentMeasured
from shared.projections.view import Table, View, copy


@dataclass(slots=True)
class Measured:
    measurement_id: UUID
    subject: str | None = None
    subject_id: UUID | None = None
    score: float | None = None
    heat: str | None = None
    model: str | None = None
    deciding: list[Any] | None = None
    said_at: datetime | None = None
    measured_at: datetime | None = None


measured = Table(
    "measured", Measured, append_only=True,
    indexes=[
        "btree (measured_at desc, measurement_id)", "btree (heat, measured_at desc, measurement_id)",
        "btree (subject_id)",
    ],
)  # fmt: skip
measurements = View("measurements", version=1, tables=[measured])


@measured.on(SentimentMeasured)
def taken(row: Measured, event: SentimentMeasured) -> None:
    copy(row, event)
    row.deciding = [word.model_dump() for word in event.deciding]
    row.said_at, row.measured_at = event.happened_at, event.recorded_at
