"""Something is done in the world once, tried again with longer pauses, and never by a view that is built anew."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.events.complaints import MessageFailed, MessageSent
from shared.projections.rebuild import rebuild
from shared.service.runtime import Runtime
from tests.serving import until
from tests.shared.conftest import reopening
from tests.shared.features.timed import HOUR, RETRY, World, events

AWHILE = 1.5
"""Seconds in which an effect that looks seven times a second would have done what it must not."""


async def queued(runtime: Runtime, reason: str = "possible") -> UUID:
    """Something to do, which waits in the queue; answers its id."""
    case = uuid4()
    event = reopening(case, 1, reason).model_copy(update={"recorded_at": runtime.clock.now()})
    await runtime.positions.settle(await runtime.commits.save([event]), runtime.views)
    return case


async def attempts(runtime: Runtime, id_: UUID, count: int) -> list[Any]:
    """As soon as there are so many."""

    async def made() -> list[Any] | None:
        found = (await events(runtime, id_))[1:]
        return found if len(found) >= count else None

    found: list[Any] = await until(made)
    return found


async def test_it_is_done_once(world: World) -> None:
    async with world.running() as one, world.running() as two:
        ids = [await queued(runtime) for runtime in (one, two, one)]
        for id_ in ids:
            (sent,) = await attempts(one, id_, 1)
            assert (type(sent), sent.attempt, sent.actor) == (MessageSent, 1, "cases.lines")
        await asyncio.sleep(AWHILE)
        assert sorted(world.written()) == sorted(ids)


@pytest.mark.parametrize(("died", "times"), [("effect before", 1), ("effect after", 2)])
async def test_another_process_goes_on_where_one_is_killed(world: World, died: str, times: int) -> None:
    """Killed between doing it and saying so it is done again, under the same id; and said once."""
    async with world.another(died), world.running() as second:
        id_ = await queued(second)
        (sent,) = await attempts(second, id_, 1)
        assert isinstance(sent, MessageSent)
    async with world.running() as later:
        await asyncio.sleep(AWHILE)
        assert (world.written(), len(await events(later, id_))) == ([id_] * times, 2)


async def test_a_view_that_is_behind_does_nothing_again(world: World) -> None:
    async with world.running() as runtime:
        id_ = await queued(runtime)
        await attempts(runtime, id_, 1)
        await runtime.bus.consumers[0].stop()
        async with runtime.pool.connection() as conn:
            await conn.execute("update lines set next_at = now()")
        world.clock.move(HOUR)
        await asyncio.sleep(AWHILE)
        assert (world.written(), len(await events(runtime, id_))) == ([id_], 2)


async def test_a_view_that_is_built_anew_does_nothing_again(world: World) -> None:
    async with world.running() as runtime:
        id_ = await queued(runtime)
        await attempts(runtime, id_, 1)
        await rebuild(runtime.views[0], runtime.pool, runtime.settings.cluster, runtime.keyring, runtime.keys)
        world.clock.move(HOUR)
        await asyncio.sleep(AWHILE)
        assert (world.written(), len(await events(runtime, id_))) == ([id_], 2)


async def test_it_is_tried_again_with_longer_pauses_until_it_is_given_up(world: World) -> None:
    world.down.touch()
    async with world.running() as runtime:
        id_ = await queued(runtime)
        for number, pause in enumerate([0, 1, 2, 4], 1):
            if pause:
                world.clock.move(timedelta(minutes=pause) * 0.8)
                await asyncio.sleep(AWHILE)
                assert len(await events(runtime, id_)) == number, "before its time"
                world.clock.move(timedelta(minutes=pause) * 0.2)
            failed = (await attempts(runtime, id_, number))[-1]
            assert (failed.attempt, failed.error, failed.final) == (number, "ConnectionRefusedError", False)
        world.clock.move(RETRY.give_up)
        assert (await attempts(runtime, id_, 5))[-1].final
        world.down.unlink()
        world.clock.move(HOUR)
        await asyncio.sleep(AWHILE)
        assert (world.written(), len(await events(runtime, id_))) == ([], 6)


async def test_what_is_refused_for_good_is_tried_once_and_keeps_no_other_back(world: World) -> None:
    async with world.running() as runtime:
        refused, other = await queued(runtime, "impossible"), await queued(runtime)
        (failed,) = await attempts(runtime, refused, 1)
        await attempts(runtime, other, 1)
        assert isinstance(failed, MessageFailed)
        assert (failed.final, failed.error) == (True, "ValueError")
        world.clock.move(HOUR)
        await asyncio.sleep(AWHILE)
        assert (world.written(), len(await events(runtime, refused))) == ([other], 2)
