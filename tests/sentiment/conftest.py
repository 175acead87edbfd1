"""One running sentiment service, and a neighbour whose events it hears."""

from collections.abc import AsyncIterator, Callable

import pytest_asyncio

from tests.serving import Served, serve_neighbour, service

sentiment = service("sentiment")


@pytest_asyncio.fixture(scope="package")
async def intake(sentiment: Served, postgres: Callable[[str], str]) -> AsyncIterator[Served]:
    """As much of intake as publishes events."""
    async with serve_neighbour("intake", sentiment.runtime.settings.cluster, postgres("neighbour")) as served:
        yield served
