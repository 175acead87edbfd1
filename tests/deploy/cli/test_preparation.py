"""`recourse secrets` and `recourse prepare`: made once, and each role is let into its own database alone."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from typer.testing import CliRunner

from deploy.cli.command import app
from deploy.embedded.postgres import start_postgres
from deploy.services import SERVICES


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets") / "new"
    assert run("secrets", str(folder)) == 0
    return folder


@pytest.fixture(scope="module")
def server(kafka: str, secrets: Path, servers_folder: Path) -> Iterator[str]:
    """A server of its own, as the databases' names are fixed; prepared twice."""
    running = start_postgres(servers_folder / "prepared", {"fsync": "off"})
    files = {"SECRET": "secret", "MASTER_KEY": "master-key", "ID_SECRET": "id-secret"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECOURSE_KAFKA", kafka)
        patch.setenv("RECOURSE_POSTGRES", running.url())
        patch.setenv("RECOURSE_TOPIC_PREFIX", f"t{uuid.uuid4().hex[:8]}-")
        for name, file in files.items():
            patch.setenv(f"RECOURSE_{name}_FILE", str(secrets / file))
        for _ in range(2):
            assert run("prepare", "--passwords", str(secrets)) == 0
    yield running.url()
    running.stop()


def run(*words: str) -> int:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, (done.output, done.exception)
    return 0


def test_secrets_are_made_once_in_a_folder_of_their_own(secrets: Path) -> None:
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    assert {"secret", "master-key", "accounts.toml", "postgres", "postgres-cases"} <= set(before)
    assert secrets.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o777 == 0o444 for path in secrets.iterdir())
    assert run("secrets", str(secrets)) == 0
    assert {path.name: path.read_text() for path in secrets.iterdir()} == before


@pytest.mark.parametrize("service", SERVICES)
def test_a_role_works_in_its_own_database_alone(server: str, service: str) -> None:
    role = f"recourse_{service}"
    with psycopg.connect(make_conninfo(server, user=role, dbname=role)) as own:
        own.execute("create table mine (id int)")
        own.execute("select pg_switch_wal()")
        own.execute("checkpoint")
        rights = own.execute("select rolsuper, rolcreaterole, rolcreatedb from pg_roles where rolname = current_user")
        assert rights.fetchone() == (False, False, False)
    for other in SERVICES:
        if other != service:
            with pytest.raises(psycopg.OperationalError, match="permission denied"):
                psycopg.connect(make_conninfo(server, user=role, dbname=f"recourse_{other}"))


def test_whoever_administers_acts_as_the_role_and_leaves_nothing_that_it_cannot_use(server: str) -> None:
    with psycopg.connect(make_conninfo(server, dbname="recourse_cases")) as admin:
        admin.execute("create table made_by_a_command (id int)")
    with psycopg.connect(make_conninfo(server, user="recourse_cases", dbname="recourse_cases")) as service:
        service.execute("drop table made_by_a_command")


def test_the_servers_keep_verifiers_and_not_passwords(server: str, secrets: Path) -> None:
    with psycopg.connect(server) as admin:
        row = admin.execute("select rolpassword from pg_authid where rolname = 'recourse_cases'").fetchone()
    assert row
    assert row[0].startswith("SCRAM-SHA-256$")
    assert (secrets / "postgres-cases").read_text() not in row[0]
