"""Real servers for the tests, started once a run: those that the environment names, else containers where
`RECOURSE_TEST=containers` asks for them, else embedded ones."""

import os
import re
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from deploy.embedded.databases import create_database
from deploy.embedded.kafka import start_kafka
from deploy.embedded.postgres import start_postgres
from tests.feeding import Feeder

# A test's data may die with the machine, so it does not wait for the disk.
QUICK = {"fsync": "off", "full_page_writes": "off"}
# How long an example takes is no rule of ours.
settings.register_profile("patient", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
CONTAINERS = os.environ.get("RECOURSE_TEST") == "containers"
LONGEST = (
    "tests/security/test_messages.py",
    "tests/security/test_schemathesis.py", "tests/security/", "tests/chaos/", "tests/privacy/",
    "tests/deploy/cli/recovery/", "tests/docs/", "tests/shared/keys/", "tests/system/",
    "tests/load/", "tests/deploy/cli/", "tests/reporting/",
)  # fmt: skip
"""Begun first, in this order, so that workers end together; before all, the pages that hold nothing but seeded data."""
TOGETHER = re.compile(r"tests/(cases|intake|reporting|sentiment|social|surveys|system|security(?!/test_schemathesis))/")
"""A folder whose tests share a running service, or an installation, is one worker's: each starts it once."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((n for n, begin in enumerate(LONGEST) if item.nodeid.startswith(begin)), 99))


class ByFolder(LoadScopeScheduling):
    """Hands out folders that are run together, and files of the others."""

    def _split_scope(self, nodeid: str) -> str:
        together = TOGETHER.match(nodeid)
        return together[0] if together else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFolder:
    return ByFolder(config, log)


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """Not in pytest's own: each run closes that to others, among them the user that a root's PostgreSQL runs as."""
    with tempfile.TemporaryDirectory(prefix="servers-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def kafka(servers_folder: Path) -> Iterator[str]:
    """The bootstrap address of a real broker."""
    if named := os.environ.get("RECOURSE_KAFKA"):
        yield named
        return
    if CONTAINERS:
        from tests.containers import kafka_container

        with kafka_container() as address:
            yield address
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
    if CONTAINERS:
        from tests.containers import postgres_container

        with postgres_container() as url:
            yield url
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
    if "RECOURSE_POSTGRES" not in os.environ:
        return  # it ends with its server: to drop hundreds, one checkpoint after the other, takes most of a minute
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        for name in made:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def feeder(postgres: Callable[[str], str]) -> Feeder:
    """Feeds views on a database of its own."""
    return Feeder(postgres("views"))
