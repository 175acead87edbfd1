"""A service as it runs in production, on real servers, spoken to over ASGI."""

import asyncio
import ssl
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from fastapi import FastAPI

from deploy.installation import Installation
from shared.events import Event
from shared.http.rate_limits import FREE, Limits
from shared.kafka.topics import Cluster, create_topics
from shared.security.permissions import Who
from shared.security.signing import Signer
from shared.service.runtime import Runtime
from shared.service.settings import Settings
from shared.times import Clock

SECRET = "a secret that only the tests know"
MASTER = bytes(range(32))
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients that ask by http alone: without one, each of them reads every certificate that the machine trusts."""


@dataclass
class Served:
    """A running service, and clients that are signed in to it."""

    app: FastAPI
    runtime: Runtime

    def client(self, role: str | None = None, **headers: str) -> httpx.AsyncClient:
        """Signed in with a session of that role, as a browser would be; None is a stranger."""
        cookies = {}
        if role is not None:
            cookies["recourse_session"] = Signer(SECRET).session(Who(f"{role}@example.org", role.title(), role))
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://test", cookies=cookies, headers=headers
        )


async def settings(kafka: str, url: str, cluster: Cluster | None = None) -> Installation:
    """Fresh topics under a prefix of their own, unless services share a cluster."""
    if cluster is None:
        cluster = Cluster(kafka, f"t{uuid.uuid4().hex[:8]}-")
        await create_topics(cluster)
    limits = Limits(strangers=FREE, requests=FREE)  # tests ask faster than people; those of limits set their own
    return Installation(
        postgres=url, kafka=cluster.bootstrap, topic_prefix=cluster.prefix, master_key=MASTER.hex(), secret=SECRET,
        limits=limits,
    )  # fmt: skip


@asynccontextmanager
async def serve(build: Callable[[Any], FastAPI], given: Settings, clock: Clock | None = None) -> AsyncIterator[Served]:
    app = build(given)
    app.state.runtime.clock = clock or Clock()
    async with app.router.lifespan_context(app):
        yield Served(app, app.state.runtime)


def service(name: str) -> Any:
    """The fixture of that service as it runs, one for all tests of a folder; `cases = service("cases")`."""
    build = import_module(f"services.{name}.app").build

    @pytest_asyncio.fixture(scope="package", name=name)
    async def running(kafka: str, postgres: Callable[[str], str]) -> AsyncIterator[Served]:
        async with serve(build, await settings(kafka, postgres(name))) as served:
            yield served

    return running


@asynccontextmanager
async def serve_neighbour(service: str, cluster: Cluster, url: str) -> AsyncIterator[Served]:
    """As much of a service as publishes events, for another to hear."""

    def build(given: Settings) -> FastAPI:
        return Runtime(service, given).application(service)

    async with serve(build, await settings("", url, cluster)) as served:
        yield served


async def publish(service: Served, events: Sequence[Event]) -> None:
    """Save them, and wait until they are in the log."""
    saved = await asyncio.to_thread(service.runtime.store.put, events)

    async def sent() -> bool:
        async with service.runtime.pool.connection() as conn:
            row = await (await conn.execute("select position from relay_position")).fetchone()
        return bool(row and row[0] >= saved[-1].position)

    await until(sent, 60)


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 30) -> Any:
    """Wait for what arrives in its own time; the bound only keeps a failure from hanging."""
    for _ in range(int(seconds / 0.05)):
        if found := await condition():
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("it did not happen")


@asynccontextmanager
async def standstill() -> AsyncIterator[list[float]]:
    """The longest time that the event loop stood still meanwhile, and with it everybody's request."""
    found, loop = [0.0], asyncio.get_running_loop()

    async def look() -> None:
        while True:
            begun = loop.time()
            await asyncio.sleep(0.005)
            found[0] = max(found[0], loop.time() - begun - 0.005)

    looking = asyncio.create_task(look())
    try:
        yield found
    finally:
        looking.cancel()


DATA = Path(__file__).parents[2] / "shared" / "data"
"""Real inputs that are not part of the project."""
