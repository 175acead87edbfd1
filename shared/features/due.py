"""Due rows: a column of a view says when each of its rows is due, and one process at a time works them off."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Generic, LiteralString, TypeVar, cast
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.sql import SQL, Composable, Identifier

from shared.eventstore.store import Saved
from shared.postgres.leader import leading
from shared.projections.view import Table, View
from shared.service.runtime import Runtime
from shared.telemetry import LATE

R = TypeVar("R")
BATCH = 20
Take = Callable[[AsyncConnection[Any], Sequence[R]], Awaitable[Sequence[Saved]]]


@dataclass(frozen=True)
class Due(Generic[R]):
    """The rows of a view whose time, or day in UTC, has come, as `column` says: null where nothing is due.

    `where` leaves rows out, in the words of the index that serves it.
    """

    view: View
    table: Table[R]
    column: str
    where: LiteralString = "true"

    def id(self, row: R) -> UUID:
        return cast(UUID, getattr(row, self.table.key))

    def moment(self, row: R) -> datetime:
        value = getattr(row, self.column)
        return value if isinstance(value, datetime) else datetime.combine(value, time(), UTC)

    async def batches(self, conn: AsyncConnection[Any], now: datetime) -> AsyncIterator[list[R]]:
        """All that are due, the oldest first; each once, also where it stays due."""
        last: R | None = None
        while rows := await self._after(conn, now, last):
            yield rows
            last = rows[-1]

    async def _after(self, conn: AsyncConnection[Any], now: datetime, last: R | None) -> list[R]:
        column, key = Identifier(self.column), Identifier(self.table.key)
        query: Composable = SQL("select {} from {} where {} <= %s and ({})").format(
            SQL(", ").join(map(Identifier, self.table.columns)), Identifier(self.table.name), column, SQL(self.where)
        )
        values: list[datetime | date | UUID] = [now if self.table.columns[self.column] == "timestamptz" else now.date()]
        if last is not None:
            query += SQL(" and ({}, {}) > (%s, %s)").format(column, key)
            values += [getattr(last, self.column), self.id(last)]
        found = await conn.execute(query + SQL(" order by {}, {} limit {}").format(column, key, BATCH), values)
        return [self.table.row(*values) for values in await found.fetchall()]


async def work_off(runtime: Runtime, name: str, due: Due[R], take: Take[R], every: float) -> None:
    """Hand `take` what is due, for ever: one process of the service at a time, and nothing before its time.

    What it answers is waited for until the view shows it, so that hardly a row is looked at twice.
    """
    late = LATE.labels(f"{runtime.service}.{name}")
    async with leading(runtime.settings.postgres, name) as conn:
        try:
            while True:
                now, oldest = runtime.clock.now(), None
                async for rows in due.batches(conn, now):
                    oldest = oldest or due.moment(rows[0])
                    late.set((now - oldest).total_seconds())
                    saved = [one for one in await take(conn, rows) if one.event.topic in due.view.topics]
                    await runtime.positions.settle(saved, [due.view])
                if oldest is None:
                    late.set(0)
                await asyncio.sleep(every)
        finally:
            late.set(0)
