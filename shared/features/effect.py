"""Effects: something is done in the world, from a durable queue, and each attempt is an event.

    mailer = Effect("mailer", Due(outbox, outgoing, "next_at"), by_smtp, attempted, RFC5321, refused_for_good)

The queue is a table of a view. The key of a row names a stream that holds the attempts, and each attempt moves the
row's column: on by the back-off, or to null when it is over. What is over is never done again, as the stream is asked
before each attempt: a view that is behind, or built anew, sends nothing. A process that is killed between doing it and
saying so does it again: give the receiver the row's key, by which it may tell that it is the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Generic

from psycopg import AsyncConnection

from shared.events import Event, Provenance
from shared.eventstore.store import Conflict, Saved
from shared.features.due import Due, R, work_off
from shared.features.retry import Retry
from shared.features.running import Running
from shared.telemetry import log

EVERY = 0.15
"""Seconds between two looks at the queue."""
Send = Callable[[Any], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Attempts:
    """The state of one stream of attempts, whatever its events are called."""

    version: int
    began: datetime
    last: datetime
    number: int = 0
    over: bool = False


def evolve(attempts: Attempts | None, event: Any) -> Attempts:
    """Fold an event: an attempt has an `attempt`; one that failed has an `error`, and is `final` if it was the last."""
    number = getattr(event, "attempt", 0)
    over = number > 0 and (getattr(event, "error", None) is None or event.final)
    began = attempts.began if attempts else event.recorded_at
    return Attempts(event.originator_version, began, event.recorded_at, number, over)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was made: its number from 1, why it failed, and whether no other follows."""

    stamp: Mapping[str, Any]
    number: int
    error: str | None
    final: bool


@dataclass(frozen=True)
class Effect(Generic[R]):
    """`connect` gives a function that does it for a row, for as many rows as are due together.

    `final` says of a failure that trying again is no use; an `OSError` ends the connection.
    """

    name: str
    queue: Due[R]
    connect: Callable[[], AbstractAsyncContextManager[Send]]
    event: Callable[[R, Attempt], Event]
    retry: Retry
    final: Callable[[Exception], bool] = lambda _: False

    async def run(self, runtime: Running) -> None:
        await work_off(runtime, self.name, self.queue, partial(self._take, runtime), EVERY)

    async def _take(self, runtime: Running, conn: AsyncConnection[Any], rows: Sequence[R]) -> list[Saved]:
        saved: list[Saved] = []
        send: Send | None = None
        async with AsyncExitStack() as connection:
            for row in rows:
                await conn.execute("select")  # fails where another process leads by now
                if not self._waits(await self._attempts(runtime, row), runtime.clock.now()):
                    continue
                failure: Exception | None = None
                try:
                    if send is None:
                        send = await connection.enter_async_context(self.connect())
                    await send(row)
                except Exception as error:
                    failure = error
                    log.warning("attempt failed", effect=self.name, id=str(self.queue.id(row)), error=_name(error))
                saved += await self._note(runtime, row, failure)
                if isinstance(failure, OSError):
                    break
        return saved

    def _waits(self, attempts: Attempts | None, now: datetime) -> bool:
        if attempts is None or attempts.number == 0:
            return True
        return not attempts.over and now >= attempts.last + self.retry.pause(attempts.number)

    async def _attempts(self, runtime: Running, row: R) -> Attempts | None:
        return await asyncio.to_thread(runtime.commits.store.load, self.queue.id(row), evolve)

    async def _note(self, runtime: Running, row: R, failure: Exception | None) -> list[Saved]:
        """Save the attempt, after what somebody else has noted meanwhile; nothing once it is over."""
        while True:
            now, known = runtime.clock.now(), await self._attempts(runtime, row)
            if known and known.over:
                return []
            final = failure is not None and (
                self.final(failure) or self.retry.exhausted(known.began if known else now, now)
            )
            version, number = (known.version + 1, known.number + 1) if known else (1, 1)
            stamp = Provenance(f"{runtime.service}.{self.name}", now).stamp(self.queue.id(row), version)
            with suppress(Conflict):
                return await runtime.commits.save([self.event(row, Attempt(stamp, number, _name(failure), final))])


def _name(failure: Exception | None) -> str | None:
    """Its kind alone: what a server says may quote an address."""
    return type(failure).__name__ if failure else None
