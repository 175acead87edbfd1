"""One running social service, and neighbours whose events it hears."""

from collections.abc import AsyncIterator, Callable

import pytest_asyncio
from fastapi import FastAPI

from services.social.app import build
from shared.runtime import Runtime, Settings
from tests.serving import Served, serve, settings


@pytest_asyncio.fixture(scope="session")
async def social(kafka: str, postgres: Callable[[str], str]) -> AsyncIterator[Served]:
    async with serve(build, await settings(kafka, postgres("social"))) as served:
        yield served


@pytest_asyncio.fixture(scope="session")
async def neighbour(social: Served, postgres: Callable[[str], str]) -> AsyncIterator[Served]:
    """As much of intake, cases and sentiment as publishes events: one writer for the three of them."""
    cluster = social.runtime.settings.kafka

    def others(given: Settings) -> FastAPI:
        return Runtime("others", given).application("Neighbours")

    async with serve(others, await settings("", postgres("neighbour"), cluster)) as served:
        yield served
