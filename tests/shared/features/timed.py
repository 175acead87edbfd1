"""A small service with a timer and an effect, here and as a process of its own that dies where a test says so.

A case that is reopened for "later" is reopened "again" an hour after, which is what the timer decides. For another
reason a line is added to a file, which is the world.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from shared.events import Event, Provenance
from shared.events.cases import CaseReopened
from shared.events.complaints import MessageEvent, MessageFailed, MessageSent
from shared.features.decider import Asked, Decider
from shared.features.due import Due
from shared.features.effect import Effect, Send
from shared.features.retry import Retry
from shared.features.timer import Timer, decided
from shared.projections.view import Table, View
from shared.service.runtime import Runtime
from shared.service.settings import Settings
from tests.clock import SharedClock
from tests.replica import arguments, replica, run

HOUR = timedelta(hours=1)
RETRY = Retry(first=timedelta(minutes=1), longest=HOUR, give_up=timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Case:
    id: UUID
    version: int


def evolve(case: Case | None, event: Event) -> Case:
    return Case(event.originator_id, event.originator_version)


def again(case: Case, by: Provenance) -> list[Event]:
    return [CaseReopened(**by.after(case), reason="again")]


@dataclass(slots=True)
class Reopening:
    case_id: UUID
    reopened: int = 0
    due_at: datetime | None = None


@dataclass(slots=True)
class Line:
    case_id: UUID
    complaint_id: UUID | None = None
    reason: str | None = None
    next_at: datetime | None = None


@dataclass
class World:
    """State that a test and the service's processes share; `die` names where a process ends, like `timer before`."""

    folder: Path
    settings: Settings
    die: str = ""

    def __post_init__(self) -> None:
        self.clock = SharedClock(self.folder)
        self.lines, self.down = self.folder / "lines", self.folder / "down"

    def view(self) -> View:
        reopenings = Table("reopenings", Reopening, indexes=["btree (due_at)"])
        lines = Table("lines", Line, indexes=["btree (next_at)"])

        @reopenings.on(CaseReopened)
        def reopened(row: Reopening, event: CaseReopened) -> None:
            row.reopened += 1
            row.due_at = event.recorded_at + HOUR if event.reason == "later" else None

        @lines.on(CaseReopened)
        def queued(row: Line, event: CaseReopened) -> None:
            row.complaint_id, row.reason = event.originator_id, event.reason
            row.next_at = None if event.reason in ("later", "again") else event.recorded_at

        @lines.on(MessageSent, MessageFailed)
        def attempted(row: Line, event: MessageEvent) -> None:
            row.next_at = RETRY.next_at(event)

        return View("reopenings", 1, [reopenings, lines])

    def runtime(self) -> Runtime:
        view = self.view()
        decide = decided(Decider[Case]("cases", evolve), again)

        async def die_or_decide(runtime: Runtime, row: Reopening, asked: Asked) -> Sequence[Any]:
            self._die_if("timer before")
            if self.down.exists() and self.down.read_text() == str(row.case_id):
                raise ArithmeticError("a decision that fails")
            saved = await decide(runtime, row, asked)
            self._die_if("timer after")
            return saved

        @asynccontextmanager
        async def connect() -> AsyncIterator[Send]:
            if self.down.exists():
                raise ConnectionRefusedError
            yield self._write

        runtime = Runtime("cases", self.settings, [view], clock=self.clock)
        timer = Timer("again", Due(view, view.tables[0], "due_at"), die_or_decide, every=0.1)
        effect = Effect(
            "lines", Due(view, view.tables[1], "next_at"), connect, CaseReopened, MessageSent, MessageFailed,
            RETRY, lambda failure: isinstance(failure, ValueError),
        )  # fmt: skip
        runtime.workers += [partial(timer.run, runtime), partial(effect.run, runtime)]
        return runtime

    async def _write(self, row: Line) -> None:
        self._die_if("effect before")
        if row.reason == "impossible":
            raise ValueError(row.reason)
        with self.lines.open("a") as file:
            file.write(f"{row.case_id}\n")
        self._die_if("effect after")

    def _die_if(self, place: str) -> None:
        if self.die == place:
            os.kill(os.getpid(), signal.SIGKILL)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Runtime]:
        runtime = self.runtime()
        app = runtime.application("Timed")
        async with app.router.lifespan_context(app):
            yield runtime

    @asynccontextmanager
    async def another(self, die: str) -> AsyncIterator[None]:
        """A process that leads, and dies by SIGKILL in the middle of its first deed."""
        async with replica(__name__, self.settings, ("again", "lines"), self.folder, die) as process:
            yield
            assert await process.wait() == -signal.SIGKILL

    def written(self) -> list[UUID]:
        return [UUID(line) for line in self.lines.read_text().splitlines()] if self.lines.exists() else []


async def events(runtime: Runtime, id_: UUID) -> list[Any]:
    """All of the stream."""

    def fold(before: list[Any] | None, event: Event) -> list[Any]:
        return [*(before or []), event]

    return await asyncio.to_thread(runtime.store.load, id_, fold) or []


if __name__ == "__main__":
    given, (folder, die) = arguments()
    run(World(Path(folder), given, die).runtime())
