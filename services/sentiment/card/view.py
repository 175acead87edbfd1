"""How does each text sound, by which model, and how many burn?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from shared.events.sentiments import SentimentMeasured
from shared.projections.view import Table, View

COLUMNS = "measurement_id, subject, subject_id, score, heat, model, deciding, said_at, measured_at"
HEATS = ("red", "amber", "green")


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
    "measured", Measured, once=True,
    indexes=[
        "btree (measured_at desc, measurement_id)", "btree (heat, measured_at desc, measurement_id)",
        "btree (subject_id)",
    ],
)  # fmt: skip
measurements = View("measurements", version=1, tables=[measured])


@measured.on(SentimentMeasured)
def taken(row: Measured, event: SentimentMeasured) -> None:
    row.subject, row.subject_id, row.model = event.subject, event.subject_id, event.model
    row.score, row.heat = event.score, event.heat
    row.deciding = [word.model_dump() for word in event.deciding]
    row.said_at, row.measured_at = event.happened_at, event.recorded_at


async def find(
    conn: AsyncConnection[Any], size: int, *, heat: str | None = None, subject: str | None = None,
    subject_id: UUID | None = None, after: tuple[datetime, UUID] | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """The newest first, and one more than `size`, which tells that there are more."""
    at, id_ = after or (None, None)
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            f"select {COLUMNS} from measured where (%(heat)s::text is null or heat = %(heat)s)"
            " and (%(subject)s::text is null or subject = %(subject)s)"
            " and (%(subject_id)s::uuid is null or subject_id = %(subject_id)s)"
            " and (%(at)s::timestamptz is null or (measured_at, measurement_id) < (%(at)s, %(id)s))"
            " order by measured_at desc, measurement_id desc limit %(size)s",
            {"heat": heat, "subject": subject, "subject_id": subject_id, "at": at, "id": id_, "size": size + 1},
        )
        return await cursor.fetchall()


async def by_heat(conn: AsyncConnection[Any], model: str) -> dict[str, int]:
    """How many texts of each heat this model has found."""
    found = await conn.execute("select heat, count(*) from measured where model = %s group by 1", [model])
    return dict.fromkeys(HEATS, 0) | dict(await found.fetchall())
