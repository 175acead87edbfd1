"""Work that goes on for ever: it ends when we end it, and by nothing else."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from aiokafka.errors import KafkaError

PATIENCE = 5.0
"""Seconds that a task may take to close what it has open."""


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
