"""A task that goes on for ever ends when somebody ends it, and not when a library cancels what it waits for."""

import asyncio

import pytest

from shared.supervision import FIRST_WAIT, CancelledByKafka, cancelled_only_by_us, finish, next_wait, supervise


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


def test_waits_grow_while_it_fails_at_once_and_begin_anew_once_it_has_worked() -> None:
    waits, wait = [], FIRST_WAIT
    for worked in [0, 0, 0, 0, 0.19, 0.1, 0, 0.3, 0]:
        waits.append(wait := next_wait(wait, worked))
    assert waits == [0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0, 0.2, 0.4]


async def test_what_fails_and_what_ends_is_begun_again() -> None:
    begun, done = 0, asyncio.Event()

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            raise OSError
        if begun == 3:
            done.set()
            await asyncio.get_running_loop().create_future()

    working = asyncio.create_task(supervise(work, "work", "cases"))
    await done.wait()
    await finish(working)
    assert (begun, working.cancelled()) == (3, True)
