"""One running social service, and neighbours whose events it hears."""

from collections.abc import AsyncIterator, Callable

import pytest_asyncio

from services.social.app import build
from tests.serving import Served, serve, serve_neighbour, settings


@pytest_asyncio.fixture(scope="package")
async def social(kafka: str, postgres: Callable[[str], str]) -> AsyncIterator[Served]:
    async with serve(build, await settings(kafka, postgres("social"))) as served:
        yield served


@pytest_asyncio.fixture(scope="package")
async def neighbour(social: Served, postgres: Callable[[str], str]) -> AsyncIterator[Served]:
    """As much of intake, cases and sentiment as publishes events: one writer for the three of them."""
    async with serve_neighbour("others", social.runtime.settings.cluster, postgres("neighbour")) as served:
        yield served
