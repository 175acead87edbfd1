"""What people tell is in views and in the mailbox and nowhere else; when they are erased it is nowhere."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from deploy.cli.operations import database
from deploy.installation import Installation, running_on
from deploy.services import SERVICES
from tests.privacy import scanning, seeding
from tests.privacy.files import holding
from tests.privacy.seeding import OPEN, WORD, Seeds
from tests.system.conftest import free_port
from tests.system.test_up import command

PATIENCE = 180.0
COMPACTED = 900.0
"""Seconds until a key must be off Kafka's disk; it takes two and a half minutes on a machine that does nothing else."""
PERSONAL = {
    f"{service.name}.{table.name}_g1" for service in SERVICES.values() for view in service.views
    for table in view.tables if table.personal
} | {"intake.mailbox"}  # fmt: skip


def wait(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if found := condition():
            return found
        time.sleep(0.5)
    raise AssertionError("it did not happen")


@contextmanager
def running(data: Path, said: Path, traces: str) -> Iterator[Installation]:
    """As a person runs it; what it says goes to a file, and all of its traces to a collector."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("RECOURSE_", "OTEL_"))}
    environment |= {"OTEL_EXPORTER_OTLP_ENDPOINT": traces, "OTEL_BSP_SCHEDULE_DELAY": "500"}
    words = [sys.executable, "-m", "deploy", "up", "--data", str(data), "--port", str(free_port())]
    with said.open("wb") as out:
        process = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT, env=environment)
    try:
        wait(lambda: (data / "running.json").exists() or process.poll() is not None)
        assert process.poll() is None, said.read_text()
        yield running_on(data)
        process.send_signal(signal.SIGINT)
        process.wait(120)
    finally:
        if process.poll() is None:
            process.kill()


def figures(at: Installation) -> dict[str, Any]:
    with seeding.client(at, "auditor") as http:
        return {
            by: http.get("/api/v1/reports/counts", params={"by": by}).json()
            for by in ("product", "channel", "outcome", "month")
        }


def outside(at: Installation, said: Path, traces: list[bytes]) -> bytes:
    """What leaves the installation where nobody signs in to read words."""
    with seeding.client(at, "machine") as http:
        told = [http.get(path).content for path in ("/metrics", "/health/ready")]
    return b"\n".join([said.read_bytes(), *traces, *told])


def keys_of(at: Installation, people: set[str]) -> set[bytes]:
    with psycopg.connect(database(at, "intake")) as conn:
        rows = conn.execute("select wrapped from keys where person_id = any(%s::uuid[])", [list(people)]).fetchall()
    return {bytes(row[0]) for row in rows if row[0] is not None}


def whole(data: Path) -> None:
    done = command(data, "audit", "verify", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["findings"] == []


def words_are_in_views_alone(at: Installation, data: Path, said: Path, traces: list[bytes], seeds: Seeds) -> None:
    taken = seeds.sought - {seeds.words[name].encode() for name in ("refused address", "broken body")}
    tables = scanning.in_tables(at)
    statistics = {name for name in tables if name.endswith((".pg_statistic", ".pg_stats", ".pg_stats_ext"))}
    assert set(tables) - statistics <= PERSONAL
    shown = set().union(*tables.values())
    assert shown <= taken
    kept = {"form narrative", "form name", "form email", "phone name", "phone address", "file narrative", "post text",
            "promoted text", "post handle", "note", "explanation", "survey"}  # fmt: skip
    assert {name for name in kept if seeds.words[name].encode() not in shown} == set()
    records, count = asyncio.run(scanning.in_records(at))
    assert records == {}
    assert count > 30
    with psycopg.connect(at.postgres, autocommit=True) as conn:
        conn.execute("checkpoint")  # or the rows are in memory and in the log alone
    files = scanning.in_files(data)
    assert {path for path in files if not path.startswith("postgres/cluster/")} == set()
    assert any(path.startswith("postgres/cluster/base/") for path in files)
    assert any(path.startswith("postgres/cluster/pg_wal/") for path in files)
    assert WORD.findall(outside(at, said, traces)) == []
    assert traces, "traces were sent"


def open_words_are_found(data: Path) -> None:
    """The search sees what is there: a word that is not personal, in Kafka's files and PostgreSQL's."""
    found = set(holding(data, [OPEN.encode()]))
    assert any(path.startswith("kafka/topics/complaints-") for path in found)
    assert any(path.startswith("postgres/cluster/base/") for path in found)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scanner")


def test_words_are_nowhere_once_their_people_are_erased(folder: Path) -> None:
    data, said = folder / "data", folder / "said"
    with scanning.collecting() as collector, running(data, said, collector.url) as at:
        seeds = seeding.seed(at, wait)
        wait(lambda: seeds.words["survey"].encode() in set().union(*scanning.in_tables(at).values()))
        words_are_in_views_alone(at, data, said, collector.taken, seeds)
        open_words_are_found(data)
        whole(data)
        before, keys = figures(at), keys_of(at, set(seeds.people.values()))
        assert len(keys) == len(set(seeds.people.values())) == 5
        assert command(data, "backup", str(folder / "before.tar.gz")).returncode == 0
        assert scanning.in_backup(folder / "before.tar.gz") == {}

        for way, person in seeds.people.items():
            held = way != "post"  # who never complained is held by no rule
            erased_with_certificate(data, folder / f"{way}.json", person, held=held)
        assert scanning.in_tables(at) == {}
        assert asyncio.run(scanning.in_records(at))[0] == {}
        assert scanning.in_files(data) == {}
        assert WORD.findall(outside(at, said, collector.taken)) == []
        assert figures(at) == before
        whole(data)
        open_words_are_found(data)
        assert command(data, "backup", str(folder / "after.tar.gz")).returncode == 0
        assert scanning.in_backup(folder / "after.tar.gz") == {}
        rebuilt = command(data, "rebuild", "cases.caseload")
        assert rebuilt.returncode == 0, rebuilt.stderr
        assert scanning.in_tables(at) == {}

        began = time.monotonic()
        wait(lambda: not holding(data / "kafka", keys), COMPACTED)
        assert holding(data, keys) == {}
        print(f"the last key left the disk {time.monotonic() - began:.0f} s after the rest")
    assert scanning.in_files(folder) == {}, "nor when all has stopped"


def erased_with_certificate(data: Path, path: Path, person: str, *, held: bool) -> None:
    override = ("--override-hold", "A test.") if held else ()
    done = command(data, "erase", person, "--yes", *override, "-o", str(path))
    first = json.loads(path.read_text()) if path.exists() else {}
    assert done.returncode == 0, done.stdout + done.stderr
    assert first["confirmed"] is True
    assert {one["service"] for one in first["services"] if one["confirmed"]} == set(SERVICES)
    assert first["person"] == person
    assert "Confirmed by every service." in done.stdout
    again = command(data, "certificate", person, "--json")
    assert again.returncode == 0, again.stderr
    proof = json.loads(again.stdout)["proof"]
    assert (proof["chain"], proof["position"]) == (first["proof"]["chain"], first["proof"]["position"])
    assert len(proof["chain"]) == 64
