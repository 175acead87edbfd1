"""One running intake for the tests of its HTTP and pages."""

from collections.abc import AsyncIterator, Callable

import pytest_asyncio

from services.intake.app import build
from tests.serving import Served, serve, settings


@pytest_asyncio.fixture(scope="package")
async def intake(kafka: str, postgres: Callable[[str], str]) -> AsyncIterator[Served]:
    async with serve(build, await settings(kafka, postgres("intake"))) as served:
        yield served
