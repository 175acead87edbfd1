"""A moment is decided once, whatever happens to the processes and to the view, and never before its time."""

import asyncio
from uuid import UUID, uuid4

import pytest

from shared.projections.read_your_writes import WAIT
from shared.projections.rebuild import rebuild
from shared.service.runtime import Runtime
from shared.telemetry import LATE
from tests.serving import until
from tests.shared.conftest import reopening
from tests.shared.features.timed import HOUR, World, events

AWHILE = 1.5
"""Seconds in which a timer that looks ten times a second would have done what it must not."""


def late() -> float:
    return float(LATE.labels("cases.again")._value.get())


async def due(runtime: Runtime) -> UUID:
    """A case that is due in an hour, as the view knows."""
    case = uuid4()
    saved = await runtime.commits.save(
        [reopening(case, 1, "later").model_copy(update={"recorded_at": runtime.clock.now()})]
    )
    await runtime.positions.settle(saved, runtime.views)
    return case


async def decided(runtime: Runtime, case: UUID) -> None:
    async def happened() -> bool:
        return len(await events(runtime, case)) > 1

    await until(happened)


async def reasons(runtime: Runtime, case: UUID) -> list[str]:
    return [event.reason for event in await events(runtime, case)][1:]


async def test_it_decides_when_the_time_has_come(world: World) -> None:
    async with world.running() as runtime:
        case = await due(runtime)
        world.clock.move(HOUR * 0.9)
        await asyncio.sleep(AWHILE)
        assert await reasons(runtime, case) == []
        world.clock.move(HOUR * 0.1)
        await decided(runtime, case)
        (_, event) = await events(runtime, case)
        assert event.actor == "cases.again"
        await asyncio.sleep(AWHILE)
        assert (await reasons(runtime, case), late()) == (["again"], 0)


@pytest.mark.parametrize("died", ["timer before", "timer after"])
async def test_another_process_goes_on_where_one_is_killed(world: World, died: str) -> None:
    async with world.another(died), world.running() as second:
        case = await due(second)
        world.clock.move(HOUR)
        await decided(second, case)
    async with world.running() as later:
        await asyncio.sleep(AWHILE)
        assert await reasons(later, case) == ["again"]


async def test_a_view_that_is_behind_decides_nothing_twice(world: World) -> None:
    async with world.running() as runtime:
        case = await due(runtime)
        await runtime.bus.consumers[0].stop()
        world.clock.move(HOUR)
        await decided(runtime, case)

        await asyncio.sleep(WAIT + AWHILE)
        assert late() > 0, "the moment still looks open"
        assert await reasons(runtime, case) == ["again"]


async def test_a_view_that_is_built_anew_decides_nothing_again(world: World) -> None:
    async with world.running() as runtime:
        case = await due(runtime)
        world.clock.move(HOUR)
        await decided(runtime, case)
        done = await rebuild(runtime.views[0], runtime.pool, runtime.settings.cluster, runtime.keyring, runtime.keys)
        assert done.switched
        await asyncio.sleep(AWHILE)
        assert await reasons(runtime, case) == ["again"]


async def test_a_decision_that_fails_keeps_no_other_back_and_its_lateness_is_measured(world: World) -> None:
    async with world.running() as runtime:
        failing = await due(runtime)
        world.down.write_text(str(failing))
        other = await due(runtime)
        world.clock.move(HOUR * 2)
        await decided(runtime, other)
        assert await reasons(runtime, failing) == []

        async def measured() -> bool:
            return HOUR.total_seconds() < late() < 2 * HOUR.total_seconds()

        await until(measured)
        world.down.unlink()
        await decided(runtime, failing)
