"""The whole of Recourse on real servers, behind one port, as `recourse up` runs it."""

import asyncio
import contextlib
import random
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest_asyncio
import uvicorn
from fastapi import FastAPI

from deploy.gateway.app import gateway
from deploy.installation import Installation, seed
from deploy.services import SERVICES
from shared.kafka.topics import Cluster, create_topics
from tests.pages.conftest import axe, browser, complaints, page
from tests.serving import PLAIN, until


class Server(uvicorn.Server):
    """Leaves signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class Site:
    """A running installation."""

    installation: Installation
    apps: dict[str, FastAPI]
    password: str

    @property
    def url(self) -> str:
        return self.installation.url

    def client(self, role: str) -> httpx.AsyncClient:
        """A machine's client with a token of that role."""
        headers = {"Authorization": f"Bearer {self.installation.token(role, 'tests')}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30, verify=PLAIN)


def free_port() -> int:
    """Below those that systems give to outgoing connections: one of these may take it before it is listened on."""
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no port is free")


@pytest_asyncio.fixture(scope="package")
async def site(
    kafka: str, postgres: Callable[[str], str], postgres_server: str, servers_folder: Path
) -> AsyncIterator[Site]:
    port, seeds = free_port(), seed(servers_folder / "secrets")
    cluster = Cluster(kafka, f"t{uuid.uuid4().hex[:8]}-")
    await create_topics(cluster)
    installation = Installation(
        url=f"http://127.0.0.1:{port}", kafka=kafka, postgres=postgres_server, secret=seeds.secret,
        master_key=seeds.master_key, topic_prefix=cluster.prefix, accounts=seeds.accounts,
        smtp=f"127.0.0.1:{free_port()}", embedded=True, seal_key=seeds.seal_key,
    )  # fmt: skip
    apps = {n: s.build(installation.settings(postgres(f"site_{n}"))) for n, s in SERVICES.items()}
    async with served(apps, port):
        yield Site(installation, apps, seeds.password)


@contextlib.asynccontextmanager
async def served(apps: Mapping[str, FastAPI], port: int) -> AsyncIterator[None]:
    """All six services behind one port."""
    config = uvicorn.Config(gateway(apps), port=port, log_level="warning", lifespan="on",
                            timeout_graceful_shutdown=1)  # fmt: skip
    server = Server(config)
    serving = asyncio.create_task(server.serve())

    async def started() -> bool:
        if serving.done():
            serving.result()
        return server.started

    await until(started, 120)
    try:
        yield
    finally:
        server.should_exit = True
        await serving


__all__ = ["axe", "browser", "complaints", "page"]
