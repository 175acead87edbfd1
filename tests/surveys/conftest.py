"""One running surveys service."""

from collections.abc import AsyncIterator, Callable

import pytest_asyncio

from services.surveys.app import build
from tests.serving import Served, serve, settings


@pytest_asyncio.fixture(scope="package")
async def surveys(kafka: str, postgres: Callable[[str], str]) -> AsyncIterator[Served]:
    async with serve(build, await settings(kafka, postgres("surveys"))) as served:
        yield served
