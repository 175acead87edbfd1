"""Effects: something is done in the world, from a durable queue, and each attempt is an event.

    mailer = Effect("mailer", waiting, by_smtp, MessageWritten, MessageSent, MessageFailed, final=refused_for_good)

The queue is a table of a view. The key of a row names the stream in which the effect begins, and its attempts follow
there. Each of them moves the row's column: on by the back-off, or to null when the effect is over. What is over is
never done again, as the stream is asked before each attempt: a view that is behind, or built anew, sends nothing. A
process that is killed between doing it and saying so does it again: give the receiver a key that stays the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Generic

from psycopg import AsyncConnection

from shared.events import Event, Provenance
from shared.eventstore.store import Conflict, Saved
from shared.features.due import Due, R, work_off
from shared.features.retry import RFC5321, Retry
from shared.service.runtime import Runtime
from shared.telemetry import log

EVERY = 0.15
"""Seconds between two looks at the queue."""
Send = Callable[[Any], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Attempts:
    """The state of an effect, as its stream says; over before it begins, and when it was done or given up."""

    version: int
    began: datetime
    last: datetime
    number: int = 0
    over: bool = False


@dataclass(frozen=True)
class Effect(Generic[R]):
    """`connect` gives a function that does it for one row; an `OSError` of it ends the connection.

    An effect begins with the event `begins`. An attempt is the event `sent`, or `failed` with `attempt`, `error` and
    `final`; their other fields are those of the row. `final` says of a failure that another attempt is no use.
    """

    name: str
    queue: Due[R]
    connect: Callable[[], AbstractAsyncContextManager[Send]]
    begins: type[Event]
    sent: type[Event]
    failed: type[Event]
    retry: Retry = RFC5321
    final: Callable[[Exception], bool] = lambda _: False

    async def run(self, runtime: Runtime) -> None:
        await work_off(runtime, self.name, self.queue, partial(self._take, runtime), EVERY)

    async def _take(self, runtime: Runtime, conn: AsyncConnection[Any], rows: Sequence[R]) -> list[Saved]:
        saved: list[Saved] = []
        send: Send | None = None
        async with AsyncExitStack() as connection:
            for row in rows:
                await conn.execute("select")  # fails where another process leads by now
                known = await self._attempts(runtime, row)
                if not self._waits(known, runtime.clock.now()):
                    continue
                failure: Exception | None = None
                try:
                    if send is None:
                        send = await connection.enter_async_context(self.connect())
                    await send(row)
                except Exception as error:
                    failure = error
                    log.warning("attempt failed", effect=self.name, id=str(self.queue.id(row)), error=_name(error))
                saved += await self._note(runtime, row, known, failure)
                if isinstance(failure, OSError):
                    break
        return saved

    def _waits(self, known: Attempts, now: datetime) -> bool:
        return not known.over and (known.number == 0 or now >= known.last + self.retry.pause(known.number))

    async def _attempts(self, runtime: Runtime, row: R) -> Attempts:
        found = await asyncio.to_thread(runtime.commits.store.load, self.queue.id(row), self._fold)
        assert found is not None, "a queue follows from events"
        return found

    def _fold(self, known: Attempts | None, event: Any) -> Attempts:
        version, at = event.originator_version, event.recorded_at
        if isinstance(event, self.begins):
            return Attempts(version, at, at)
        if known and type(event) in (self.sent, self.failed):
            over = getattr(event, "error", None) is None or event.final
            return Attempts(version, known.began, at, event.attempt, over)
        return replace(known, version=version) if known else Attempts(version, at, at, over=True)

    async def _note(self, runtime: Runtime, row: R, known: Attempts, failure: Exception | None) -> list[Saved]:
        """Save the attempt, after whatever somebody else has saved meanwhile; nothing once it is over or begun anew."""
        began = known.began
        while not known.over and known.began == began:
            now = runtime.clock.now()
            final = failure is not None and (self.final(failure) or now - known.began >= self.retry.give_up)
            said = {"attempt": known.number + 1, "error": _name(failure), "final": final}
            stamp = Provenance(f"{runtime.service}.{self.name}", now).stamp(self.queue.id(row), known.version + 1)
            kind = self.failed if failure else self.sent
            shared = {name: getattr(row, name) for name in kind.model_fields if hasattr(row, name)}
            with suppress(Conflict):
                return await runtime.commits.save([kind(**{**shared, **said, **stamp})])
            known = await self._attempts(runtime, row)
        return []


def _name(failure: Exception | None) -> str | None:
    """Its kind alone: what a server says may quote an address."""
    return type(failure).__name__ if failure else None
