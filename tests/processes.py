"""Each service as a process of its own beside a real Kafka and PostgreSQL: what load and fault tests run against."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from deploy.cli.operations import database
from deploy.embedded.kafka import EmbeddedKafka, start_kafka
from deploy.embedded.postgres import EmbeddedPostgres, start_postgres
from deploy.installation import Installation
from deploy.services import SERVICES
from shared.kafka.topics import create_topics
from tests.system.conftest import free_port

SECONDS_TO_START = 240


@dataclass
class Site:
    """A running installation: its two servers, and the processes that are its services."""

    at: Installation
    ports: dict[str, int]
    folder: Path
    broker: EmbeddedKafka
    database: EmbeddedPostgres
    logs: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, service: str, port: int | None = None, **more: str) -> subprocess.Popen[bytes]:
        """Begin a process of the service; returns before it is ready. What it says is with the logs, by its port."""
        environment = os.environ | {
            "RECOURSE_KAFKA": self.at.kafka, "RECOURSE_POSTGRES": self.at.postgres, "RECOURSE_SECRET": self.at.secret,
            "RECOURSE_MASTER_KEY": self.at.master_key, "RECOURSE_SMTP": self.at.smtp,
        } | more  # fmt: skip
        port = port or self.ports[service]
        command = [sys.executable, "-m", "deploy", "serve", service, "--port", str(port)]
        with (self.logs / f"{service}-{port}.log").open("ab") as log:
            return subprocess.Popen(command, env=environment, stderr=log)

    def restart_broker(self) -> None:
        """Once it has ended: on the same folder and port."""
        self.broker.stop()
        self.broker = start_kafka(self.folder, self.broker.port)

    def restart_database(self) -> None:
        """Once it has ended: on the same folder and socket."""
        self.database.stop()
        self.database = start_postgres(self.folder)

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(30)


@contextmanager
def empty(folder: Path, *, smtp: str = "localhost:25", logs: Path | None = None) -> Iterator[Site]:
    """Both servers on the folder, with topics and databases, and no service yet."""
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        starting = pool.submit(start_kafka, folder)
        postgres = start_postgres(folder)
        ports = {name: free_port() for name in SERVICES}
        kafka = starting.result()
        at = Installation(
            url=f"http://127.0.0.1:{ports['intake']}", kafka=kafka.bootstrap, postgres=postgres.url(),
            secret="only here", master_key=bytes(32).hex(), smtp=smtp,
        )  # fmt: skip
        site = Site(at, ports, folder, kafka, postgres, logs or folder)
        stack.callback(lambda: site.broker.stop())  # noqa: PLW0108 - whichever runs by then
        stack.callback(lambda: site.database.stop())  # noqa: PLW0108
        stack.callback(site.stop)
        asyncio.run(create_topics(at.cluster))
        for name in ports:
            database(at, name)
        yield site


@contextmanager
def running() -> Iterator[Site]:
    """All six services on an empty data folder, ready."""
    with tempfile.TemporaryDirectory() as folder, empty(Path(folder)) as site:
        for name in site.ports:
            site.processes[name] = site.start(name)
        for name in site.ports:
            wait_until_ready(site.url(name))
        yield site


def wait_until_ready(url: str, seconds: float = SECONDS_TO_START) -> float:
    """Seconds until the service says that it is ready."""
    began = time.monotonic()
    with httpx.Client() as client:
        while time.monotonic() - began < seconds:
            with suppress(httpx.HTTPError):
                if client.get(f"{url}/health/ready").status_code == 200:
                    return time.monotonic() - began
            time.sleep(0.02)
    raise TimeoutError(f"{url} is not ready")
