"""Real servers for the tests: those that the environment names, else embedded ones, started once a run."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from deploy.embedded.databases import create_database
from deploy.embedded.kafka import start_kafka
from deploy.embedded.postgres import start_postgres

# A test's data may die with the machine, so it does not wait for the disk.
QUICK = {"fsync": "off", "full_page_writes": "off"}


@pytest.fixture(scope="session")
def servers_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("servers")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def kafka(servers_folder: Path) -> Iterator[str]:
    """The bootstrap address of a real broker."""
    if named := os.environ.get("RECOURSE_KAFKA"):
        yield named
        return
    broker = start_kafka(servers_folder)
    yield broker.bootstrap
    broker.stop()


@pytest.fixture(scope="session")
def postgres_server(servers_folder: Path) -> Iterator[str]:
    """The conninfo URL of a real server."""
    if named := os.environ.get("RECOURSE_POSTGRES"):
        yield named
        return
    server = start_postgres(servers_folder, settings=QUICK)
    yield server.url()
    server.stop()


@pytest.fixture(scope="session")
def postgres(postgres_server: str) -> Iterator[Callable[[str], str]]:
    """`postgres(name)` makes an empty database of its own and returns its conninfo URL."""
    made: list[str] = []

    def fresh(name: str) -> str:
        made.append(f"{name}_{uuid.uuid4().hex[:8]}")
        return create_database(postgres_server, made[-1])

    yield fresh
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        for name in made:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
