"""One running social service, and neighbours whose events it hears."""

from collections.abc import AsyncIterator, Callable

import pytest_asyncio

from tests.serving import Served, serve_neighbour, service

social = service("social")


@pytest_asyncio.fixture(scope="package")
async def neighbour(social: Served, postgres: Callable[[str], str]) -> AsyncIterator[Served]:
    """As much of intake, cases and sentiment as publishes events: one writer for the three of them."""
    async with serve_neighbour("others", social.runtime.settings.cluster, postgres("neighbour")) as served:
        yield served
