"""A task that goes on for ever ends when somebody ends it, and not when a library cancels what it waits for."""

import asyncio

import pytest

from shared.tasks import CancelledByKafka, cancelled_only_by_us, finish


async def waits(future: "asyncio.Future[None]") -> None:
    with cancelled_only_by_us():
        await future


async def test_a_future_that_was_cancelled_is_an_error_of_kafka() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(waits(future))
    await asyncio.sleep(0)
    future.cancel()
    with pytest.raises(CancelledByKafka):
        await waiting


async def test_a_task_that_is_cancelled_ends_as_cancelled() -> None:
    waiting = asyncio.create_task(waits(asyncio.get_running_loop().create_future()))
    await asyncio.sleep(0)
    await finish(waiting)
    assert waiting.cancelled()
