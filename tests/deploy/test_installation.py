"""Settings of operators are read as they meant them, or refused with a sentence that names the variable."""

import json
from datetime import time
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from deploy.installation import Installation, NotUnderstood, find, seed
from shared.events.unsealing import parse
from shared.http.rate_limits import FREE, Limits, Rate
from shared.keys.master_keys import Masters
from shared.times import Window

SERVERS = {"KAFKA": "k", "POSTGRES": "postgresql://me@postgres/mine", "SECRET": "first", "MASTER_KEY": "00" * 32}


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that names servers and nothing else."""
    for name, field in Installation.model_fields.items():
        for variable in (f"RECOURSE_{name.upper()}", f"RECOURSE_{name.upper()}_FILE"):
            monkeypatch.delenv(variable, raising=False)
        assert field.description or name == "embedded"
    for name, value in SERVERS.items():
        monkeypatch.setenv(f"RECOURSE_{name}", value)
    return monkeypatch


def test_what_the_environment_sets(named: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = {
        "LIMITS": "strangers=5/10 tokens=1000", "SESSION_MINUTES": "15", "SESSION_HOURS": "8", "LINK_DAYS": "30",
        "BODY_MEGABYTES": "2.5", "REPLICATION": "3", "EMBEDDED": "true", "SMTP": "",
        "PURGE_WINDOW": "22:30-04:00",
    }  # fmt: skip
    for name, value in given.items():
        named.setenv(f"RECOURSE_{name}", value)
    found = find(tmp_path)
    assert found.limits == Limits(strangers=Rate(5, 10), tokens=Rate(1000))
    assert found.purge_window == Window(time(22, 30), time(4))
    assert (found.session_minutes, found.session_hours, found.link_days, found.body_megabytes) == (15, 8, 30, 2.5)
    assert (found.cluster.replication, found.embedded, found.smtp) == (3, False, "localhost:25")


def test_the_embedded_mode_takes_the_rest_from_its_folder(named: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {"TOPIC_PREFIX": "mine-", "LINK_DAYS": "30", "SEAL_EVERY": "1", "REPLICATION": "3"}.items():
        named.setenv(f"RECOURSE_{name}", value)
    seeds = seed(tmp_path / "secrets")
    found = Installation.on_this_machine(seeds)
    assert found.limits == Limits(strangers=FREE, requests=FREE)
    assert (found.topic_prefix, found.link_days) == ("mine-", 30)
    assert (found.secret, found.seal_every, found.replication) == (seeds.secret, 3600, 1)
    assert found.masters().id == Masters(*parse((tmp_path / "secrets" / "master-key").read_text())).id


@pytest.mark.parametrize("wrong", ["strangers", "strangers=x", "strangers=5/0", "others=5/60", "strangers=-1"])
def test_a_limit_that_is_none_is_refused(named: pytest.MonkeyPatch, tmp_path: Path, wrong: str) -> None:
    named.setenv("RECOURSE_LIMITS", wrong)
    with pytest.raises(NotUnderstood, match=r"RECOURSE_LIMITS .* is no limit"):
        find(tmp_path)


@pytest.mark.parametrize("wrong", ["01:00", "1:00-5:00", "01:00-25:00", "at night"])
def test_a_window_that_is_none_is_refused(named: pytest.MonkeyPatch, tmp_path: Path, wrong: str) -> None:
    named.setenv("RECOURSE_PURGE_WINDOW", wrong)
    with pytest.raises(NotUnderstood, match="RECOURSE_PURGE_WINDOW"):
        find(tmp_path)


def test_a_secret_is_changed_only_where_ids_stay(named: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert find(tmp_path).ids == "first"
    named.setenv("RECOURSE_SECRET", "second\nfirst")
    with pytest.raises(NotUnderstood, match="RECOURSE_ID_SECRET"):
        find(tmp_path)
    named.setenv("RECOURSE_ID_SECRET", "first")
    assert find(tmp_path).ids == "first"


def test_secrets_may_be_kept_in_files(named: pytest.MonkeyPatch, tmp_path: Path) -> None:
    named.delenv("RECOURSE_SECRET")
    for name, value in {"SECRET": "kept\n", "POSTGRES_PASSWORD": "s p'cial\n"}.items():
        (tmp_path / name).write_text(value)
        named.setenv(f"RECOURSE_{name}_FILE", str(tmp_path / name))
    found = find(tmp_path)
    assert found.secret == "kept"
    assert conninfo_to_dict(found.postgres) == {
        "user": "me", "host": "postgres", "dbname": "mine", "password": "s p'cial",
    }  # fmt: skip
    named.setenv("RECOURSE_SECRET_FILE", str(tmp_path / "none"))
    with pytest.raises(NotUnderstood, match=r"RECOURSE_SECRET_FILE names .* cannot be read"):
        find(tmp_path)


def test_no_secret_is_printed(named: pytest.MonkeyPatch, tmp_path: Path) -> None:
    named.setenv("RECOURSE_SEAL_KEY", "no key, and yet a secret")
    with pytest.raises(NotUnderstood) as refused:
        find(tmp_path)
    assert str(refused.value).startswith("RECOURSE_SEAL_KEY (64 hexadecimal digits")
    assert "yet a secret" not in str(refused.value)
    named.delenv("RECOURSE_SEAL_KEY")
    assert SERVERS["MASTER_KEY"] not in repr(find(tmp_path))


def test_what_runs_is_noted_whole_and_for_its_owner_alone(named: pytest.MonkeyPatch, tmp_path: Path) -> None:
    note = tmp_path / "running.json"
    note.touch(mode=0o644)
    found = Installation.on_this_machine(seed(tmp_path / "secrets"), url="http://localhost:1")
    found.write(tmp_path)
    assert Installation(**json.loads(note.read_text())) == found
    assert note.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob("running.*")] == ["running.json"]
