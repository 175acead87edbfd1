"""One running sentiment service, and a neighbour whose events it hears."""

from collections.abc import AsyncIterator, Callable

import pytest_asyncio
from fastapi import FastAPI

from services.sentiment.app import build
from shared.runtime import Runtime, Settings
from tests.serving import Served, serve, settings


@pytest_asyncio.fixture(scope="session")
async def sentiment(kafka: str, postgres: Callable[[str], str]) -> AsyncIterator[Served]:
    async with serve(build, await settings(kafka, postgres("sentiment"))) as served:
        yield served


@pytest_asyncio.fixture(scope="session")
async def intake(sentiment: Served, postgres: Callable[[str], str]) -> AsyncIterator[Served]:
    """As much of intake as publishes events."""
    cluster = sentiment.runtime.settings.kafka

    def neighbour(given: Settings) -> FastAPI:
        return Runtime("intake", given).application("A neighbour")

    async with serve(neighbour, await settings("", postgres("neighbour"), cluster)) as served:
        yield served
