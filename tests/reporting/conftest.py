"""Reporting as it runs, and neighbours that publish two stories for it to hear."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest_asyncio
from fastapi import FastAPI

from services.reporting.app import build
from shared.events import OWNERS, Event
from shared.runtime import Runtime, Settings
from tests.feeding import people_in
from tests.reporting.given import PERSON, opened, raised, story
from tests.serving import Served, serve, settings, until


@pytest_asyncio.fixture(scope="session")
async def reporting(kafka: str, postgres: Callable[[str], str]) -> AsyncIterator[Served]:
    """Running, and up to date with the story of case 1 and the beginning of case 2."""
    given = await settings(kafka, postgres("reporting"))
    events: list[Event] = [*story(), *opened(2, 5, product=None, channel="phone"), raised(2, 3, 6, "+Card")]
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(serve(build, given))
        wrapped = None
        for service in sorted({OWNERS[event.topic] for event in events}):
            own = [event for event in events if OWNERS[event.topic] == service]
            neighbour = await stack.enter_async_context(
                serve(_publisher(service), await settings("", postgres(service), given.kafka))
            )
            if any(PERSON in people_in(event) for event in own):
                wrapped = wrapped or neighbour.runtime.keyring.create(PERSON)
                neighbour.runtime.keyring.learn(PERSON, wrapped)
            for event in own:
                await asyncio.to_thread(neighbour.runtime.store.put, [event])

        async def heard() -> bool:
            async with served.runtime.pool.connection() as conn:
                row = await (await conn.execute("select count(*) from trail")).fetchone()
            return bool(row == (len(events),))

        await until(heard)
        yield served


def _publisher(service: str) -> Callable[[Settings], FastAPI]:
    """As much of a service as publishes events."""
    return lambda given: Runtime(service, given).application(service)
