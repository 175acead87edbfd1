"""`recourse purge` rewrites at once, and says what it could not."""

from collections.abc import Callable

import psycopg
import pytest
from typer.testing import CliRunner

from deploy.cli import operations
from deploy.cli.people import erasure
from deploy.services import SERVICES
from shared.postgres.purge import NOTE, SCHEMA


@pytest.fixture
def databases(postgres: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """One of each service, in each of which a table has lost words."""
    made = {service: postgres(service) for service in SERVICES}
    monkeypatch.setattr(operations, "database", lambda at, service: made[service])
    monkeypatch.setattr("shared.postgres.purge.LOCK_TIMEOUT", "100ms")
    for name, value in {"KAFKA": "nowhere", "POSTGRES": "nowhere", "SECRET": "s", "MASTER_KEY": "00" * 32}.items():
        monkeypatch.setenv(f"RECOURSE_{name}", value)
    for url in made.values():
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute(SCHEMA)
            conn.execute("create table told (words text)")
            conn.execute(NOTE, [["told"]])
    return made


def files(databases: dict[str, str]) -> list[object]:
    """The file of each table: another one once it was rewritten."""
    found: list[object] = []
    for url in databases.values():
        with psycopg.connect(url) as conn:
            found.append(conn.execute("select pg_relation_filepath('told')").fetchone())
    return found


def test_all_services_are_purged(databases: dict[str, str]) -> None:
    before = files(databases)
    purged = CliRunner().invoke(erasure.app, ["purge"])
    assert (purged.exit_code, purged.output) == (0, "Nothing is left of what was erased.\n")
    assert not set(files(databases)) & set(before)


def test_a_table_in_use_is_named(databases: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "PURGE_PATIENCE", 0.0)
    with psycopg.connect(databases["cases"]) as conn:
        conn.execute("lock table told in share mode")
        purged = CliRunner().invoke(erasure.app, ["purge"])
    assert purged.exit_code == 1
    assert "Something is left in cases.told. Run" in " ".join(purged.output.split())
    assert CliRunner().invoke(erasure.app, ["purge"]).exit_code == 0
