"""Timers: at a time that a column of a view names, something is decided, once.

    def remind(case: Case, by: Provenance) -> list[Event]: ...

    reminder = Timer("reminder", Due(reminders, table, "remind_at"), decided(decider, remind))

The decision is made on the state of the aggregate and saved under its version, with a key that follows from timer,
aggregate and moment: two processes, a restart, or a view that is behind decide nothing twice. The event that it makes
moves the column, which closes the moment for good, also in a view that is built anew.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Generic

from psycopg import AsyncConnection

from shared.events import Event, Provenance
from shared.eventstore.store import Saved
from shared.features.decider import Asked, Decider, S
from shared.features.due import Due, R, work_off
from shared.service.runtime import Runtime
from shared.telemetry import log, redacted

Decide = Callable[[Runtime, Any, Asked], Awaitable[Sequence[Saved]]]


@dataclass(frozen=True)
class Timer(Generic[R]):
    """A column of due moments and the decision made at each, looked at every so many seconds."""

    name: str
    due: Due[R]
    decide: Decide
    every: float = 1.0

    async def run(self, runtime: Runtime) -> None:
        await work_off(runtime, self.name, self.due, partial(self._take, runtime), self.every)

    async def _take(self, runtime: Runtime, conn: AsyncConnection[Any], rows: Sequence[R]) -> list[Saved]:
        saved: list[Saved] = []
        for row in rows:
            await conn.execute("select")  # fails where another process leads by now
            asked = Asked(f"{runtime.service}.{self.name}", key=self.due.moment(row).isoformat())
            try:
                saved += await self.decide(runtime, row, asked)
            except Exception as error:  # it stays due, and keeps no other back
                log.warning("not decided", timer=asked.actor, id=str(self.due.id(row)), error=redacted(error))
        return saved


def decided(decider: Decider[S], decision: Callable[[S, Provenance], Sequence[Event]]) -> Decide:
    """Decide on the aggregate that the row's key names."""

    async def decide(runtime: Runtime, row: Any, asked: Asked) -> Sequence[Saved]:
        id_ = getattr(row, fields(row)[0].name)
        return (await decider.decide(runtime, id_, decision, asked)).saved

    return decide
