"""Kafka and PostgreSQL in containers, from the images that compose.yaml names: `RECOURSE_TEST=containers`."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer

from deploy.embedded.kafka import answers

SECONDS_TO_START = 120
SERVICES = yaml.safe_load((Path(__file__).parents[1] / "compose.yaml").read_text())["services"]


@contextmanager
def kafka_container() -> Iterator[str]:
    """The bootstrap address of one broker, with the settings that compose.yaml gives it, but for the disk."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = SERVICES["kafka"]["environment"] | {
        "KAFKA_ADVERTISED_LISTENERS": f"BROKER://127.0.0.1:{port}",
        "KAFKA_LOG_FLUSH_INTERVAL_MESSAGES": 1_000_000,
    }
    container = DockerContainer(SERVICES["kafka"]["image"]).with_bind_ports(9092, port)
    for name, value in given.items():
        container.with_env(name, str(value))
    with container:
        deadline = time.monotonic() + SECONDS_TO_START
        while not answers(port):
            assert time.monotonic() < deadline, container.get_logs()
            time.sleep(0.2)
        yield f"127.0.0.1:{port}"


@contextmanager
def postgres_container() -> Iterator[str]:
    """The conninfo URL of a server whose data may die with it."""
    command = "postgres -c max_connections=300 -c fsync=off -c full_page_writes=off"
    with PostgresContainer(SERVICES["postgres"]["image"], driver=None).with_command(command) as container:
        yield container.get_connection_url()
