"""Work that goes on for ever: it ends when we end it, and by nothing else."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from aiokafka.errors import KafkaError

from shared.telemetry import log, redacted

PATIENCE = 5.0
"""Seconds that a task may take to close what it has open."""
FIRST_WAIT, LONGEST_WAIT = 0.2, 10.0
"""Seconds; what has worked for longer than the first has not failed at once."""


class CancelledByKafka(KafkaError):
    """A client of Kafka has cancelled what it was asked for, and nobody has cancelled whoever asked."""


@contextmanager
def cancelled_only_by_us() -> Iterator[None]:
    """aiokafka ends some requests with a cancellation of its own: here that is an error of Kafka like others.

    Without this it would end the task that waits, without a word and for good.
    """
    try:
        yield
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise CancelledByKafka from error


async def supervise(work: Callable[[], Awaitable[None]], what: str, service: str) -> None:
    """Begin again whenever it ends or fails, for ever; the waits double while it fails at once."""
    wait = FIRST_WAIT
    while True:
        began = time.monotonic()
        try:
            with cancelled_only_by_us():
                await work()
        except Exception as error:
            log.warning("starts over", what=what, service=service, error=redacted(error))
            await asyncio.sleep(wait := next_wait(wait, time.monotonic() - began))


def next_wait(last: float, worked: float) -> float:
    """Seconds to wait after something that worked for so many seconds, and was begun after the last wait."""
    return FIRST_WAIT if worked > FIRST_WAIT else min(last * 2, LONGEST_WAIT)


async def finish(task: asyncio.Task[Any] | None) -> None:
    """Cancel until it has ended.

    aiokafka's members of groups ask for their coordinator while they close, for ever where Kafka is gone; cancelled
    once more they let go. Nothing is lost: where they stand is in the database.
    """
    while task is not None and not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=PATIENCE)


async def closed(closing: Coroutine[Any, Any, None]) -> None:
    """Wait until a client of Kafka has closed.

    In a task, as one whose request has timed out ends with a cancellation of its own, which would look like ours.
    """
    await asyncio.wait([asyncio.create_task(closing)])
