"""A log that has lost what was read is no empty log: health says so, and nothing is built from it."""

import asyncio
from uuid import uuid4

import pytest

from deploy.cli.bus.kafka_log import delete_topics
from shared.kafka.topics import create_topics
from shared.projections.lag import CUT_SHORT
from shared.projections.rebuild import LogCutShort, rebuild
from shared.service.runtime import Runtime
from tests.serving import until
from tests.shared.conftest import Stories, reopening


async def read_some(stories: Stories) -> None:
    async with stories.running() as runtime:
        saved = await runtime.commits.save([reopening(uuid4(), 1) for _ in range(20)])
        await runtime.positions.wait(runtime.views[0], await runtime.positions.token(saved))
        assert runtime.ready


async def troubles(runtime: Runtime) -> str | None:
    return next((lag.trouble for lag in runtime.lag.lags.values() if lag.trouble), None)


async def test_topics_that_are_gone_while_a_service_runs(stories: Stories) -> None:
    await read_some(stories)
    async with stories.running() as runtime:
        await delete_topics(stories.settings.cluster, ["cases", "people"])
        assert await until(lambda: troubles(runtime), 120) == CUT_SHORT
        assert not runtime.ready


async def test_topics_that_were_made_anew(stories: Stories) -> None:
    """A rebuild waited for their records for ever."""
    await read_some(stories)
    await delete_topics(stories.settings.cluster, ["cases", "people"])
    await create_topics(stories.settings.cluster, partitions=2)
    async with stories.running() as runtime:
        assert await until(lambda: troubles(runtime), 60) == CUT_SHORT
        assert not runtime.ready
        with pytest.raises(LogCutShort, match="ends before what the view has read"):
            async with asyncio.timeout(60):
                await rebuild(runtime.views[0], runtime.pool, stories.settings.cluster, runtime.keyring, runtime.keys)
        assert len(await stories.rows(runtime)) == 20
