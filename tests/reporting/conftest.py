"""Reporting as it runs, and neighbours that publish two stories for it to hear."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest_asyncio

from services.reporting.app import build
from services.reporting.reports.view import STEPS
from shared.events import OWNERS, Event
from shared.events.people import PersonErased
from tests.scenarios.reporting import PERSON, opened, raised, story
from tests.serving import Served, serve, serve_neighbour, settings, until


@pytest_asyncio.fixture(scope="package")
async def reporting(kafka: str, postgres: Callable[[str], str]) -> AsyncIterator[Served]:
    """Running, and up to date with the story of case 1 and the beginning of case 2, whose product is odd."""
    given = await settings(kafka, postgres("reporting"))
    second = [*opened(2, 5, product=None, channel="phone", invented=True), raised(2, 3, 6, "+Card\ufffe")]
    events: list[Event] = [*story(), *second]
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(serve(build, given))
        wrapped, neighbours = None, {}
        for service in sorted({OWNERS[event.topic] for event in events}):
            neighbours[service] = await stack.enter_async_context(
                serve_neighbour(service, given.cluster, postgres(service))
            )
            keyring = neighbours[service].runtime.keyring
            wrapped = wrapped or keyring.create(PERSON)
            keyring.learn(PERSON, wrapped)
        for event in sorted(events, key=lambda event: isinstance(event, PersonErased)):
            await asyncio.to_thread(neighbours[OWNERS[event.topic]].runtime.store.put, [event])

        async def heard() -> bool:
            async with served.runtime.pool.connection() as conn:
                query = "select (select count(*) from trail), (select count(*) from changes)"
                row = await (await conn.execute(query)).fetchone()
            return bool(row == (len(events), sum(type(event) in STEPS for event in events)))

        await until(heard)
        yield served
