"""Which checkpoints were sealed, and what do they say?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from psycopg.rows import dict_row
from pydantic import Field

from shared.events.reports import CheckpointSealed
from shared.projections.view import Table, View

Number = Annotated[int, Field(ge=1, le=2**53)]


@dataclass(slots=True)
class Sealed:
    number: int
    sealed_at: datetime | None = None
    size: int = 0
    root: str | None = None
    key: str | None = None
    note: str | None = None


sealed = Table("checkpoints", Sealed, once=True)
checkpoints = View("checkpoints", version=1, tables=[sealed])


@sealed.on(CheckpointSealed, key=lambda event: event.originator_version)
def was_sealed(row: Sealed, event: CheckpointSealed) -> None:
    row.sealed_at, row.size, row.root, row.key, row.note = (
        event.recorded_at, event.size, event.root, event.key, event.note,
    )  # fmt: skip


async def list_checkpoints(conn: Any, after: int | None, limit: int) -> Sequence[dict[str, Any]]:
    """The newest first; `after` is a number, and those before it follow."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "select * from checkpoints where %(after)s::bigint is null or number < %(after)s"
            " order by number desc limit %(limit)s",
            {"after": after, "limit": limit},
        )
        rows: list[dict[str, Any]] = await cursor.fetchall()
        return rows


async def checkpoint(conn: Any, number: int) -> dict[str, Any] | None:
    found = await list_checkpoints(conn, number + 1, 1)
    return found[0] if found and found[0]["number"] == number else None
