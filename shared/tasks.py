"""Ends work that goes on for ever."""

import asyncio
from collections.abc import Coroutine
from typing import Any

PATIENCE = 5.0
"""Seconds that a task may take to close what it has open."""


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
