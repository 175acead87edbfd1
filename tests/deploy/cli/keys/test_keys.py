"""Another master key while all runs: nobody's words are lost, the erased stay erased, the earlier key is refused."""

import asyncio
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from aiokafka import AIOKafkaProducer

from deploy.cli.keys import rotation
from deploy.cli.keys.key_topic import TopicKeys
from deploy.cli.operations import database
from deploy.installation import Installation
from deploy.services import SERVICES
from shared.events.unsealing import id_of, parse
from shared.kafka.topics import PEOPLE_KEYS
from shared.keys.keyring import Keyring
from shared.keys.master_keys import Masters, WrongMasterKey
from tests.system.conftest import free_port
from tests.system.test_up import up

Command = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "data"


@pytest.fixture(scope="module")
def running(data: Path) -> Iterator[Installation]:
    with up(data, free_port()) as at:
        yield at


def recourse(data: Path, *words: str) -> Command:
    command = [sys.executable, "-m", "deploy", *words, "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def complain(at: Installation, words: str) -> str:
    """Answers whose key it made."""
    with client(at) as http:
        body = {"narrative": words, "person": {"name": words}}
        headers = {"Idempotency-Key": secrets.token_hex(8)}
        made = http.post("/api/v1/complaints", json=body, headers=headers).json()
        read = http.get(f"/api/v1/complaints/{made['id']}", params={"at_least": made["position"]}).json()
        assert read["narrative"] == words
        return str(read["person_id"])


def client(at: Installation) -> httpx.Client:
    return httpx.Client(base_url=at.url, headers={"Authorization": f"Bearer {at.token('machine', 'test')}"}, timeout=60)


def held(at: Installation) -> dict[str, dict[str, int]]:
    return {service: dict(rotation.held(database(at, service))) for service in SERVICES}


def file_of(at: Installation) -> Path:
    assert at.master_key_file
    return Path(at.master_key_file)


def destroy(at: Installation, person: str) -> None:
    """As an erasure does, without its rules."""
    with psycopg.connect(database(at, "intake")) as conn:
        conn.execute("update keys set wrapped = null where person_id = %s", [person])
        conn.execute("insert into key_changes (person_id) values (%s)", [person])


def test_a_rotation_on_a_running_system(running: Installation, data: Path) -> None:
    before = Masters(*parse(file_of(running).read_text()))
    people = [complain(running, secrets.token_hex(8)) for _ in range(5)]
    destroy(running, people[0])
    done = recourse(data, "keys", "rotate")
    assert done.returncode == 0, done.stderr + done.stdout
    (new,) = parse(file_of(running).read_text())
    assert file_of(running).stat().st_mode & 0o777 == 0o600
    assert new.hex() not in (data / "running.json").read_text()
    status = json.loads(recourse(data, "keys", "status", "--json").stdout)
    assert status["masters"] == [id_of(new).hex()]
    for name, counts in status["held"].items():
        assert counts == {id_of(new).hex(): 4, "destroyed": 1}, name
    with psycopg.connect(database(running, "cases")) as conn:
        for person, wrapped in conn.execute("select person_id, wrapped from keys where wrapped is not null"):
            with pytest.raises(WrongMasterKey):
                before.unwrap(person, bytes(wrapped))
    complain(running, secrets.token_hex(8))
    assert httpx.get(f"{running.url}/health/ready").status_code == 200


async def rewrapped_halfway(at: Installation) -> None:
    """As a rotation that was killed leaves it: the file has both, one table and no topic is done."""
    databases = {service: database(at, service) for service in SERVICES}
    rotation.put_in_front(file_of(at), secrets.token_bytes(32))
    async with await psycopg.AsyncConnection.connect(databases["social"], autocommit=True) as conn:
        await rotation._rewrap_table(conn, Keyring(at.masters()))


def test_one_that_was_interrupted_is_finished(running: Installation, data: Path) -> None:
    asyncio.run(rewrapped_halfway(running))
    new, old = parse(file_of(running).read_text())
    words = secrets.token_hex(8)
    person = complain(running, words)
    assert recourse(data, "keys", "rotate").returncode == 0
    assert parse(file_of(running).read_text()) == [new]
    for name, counts in held(running).items():
        assert set(counts) <= {id_of(new).hex(), "destroyed"}, name
    latest = asyncio.run(on_topic(running))
    assert latest[UUID(person)] == id_of(new).hex()
    assert set(latest.values()) <= {id_of(new).hex(), None}
    assert new != old


async def on_topic(at: Installation) -> dict[UUID, str | None]:
    async with TopicKeys(at.cluster) as topic:
        await topic.read()
    return topic.masters


def test_a_given_key_is_taken(running: Installation, data: Path, tmp_path: Path) -> None:
    mine = secrets.token_bytes(32)
    (tmp_path / "mine").write_text(mine.hex())
    assert recourse(data, "keys", "rotate", "--to", str(tmp_path / "mine")).returncode == 0
    assert parse(file_of(running).read_text()) == [mine]
    said = recourse(data, "keys", "status")
    assert id_of(mine).hex() in said.stdout


def test_a_given_key_is_never_passed_over(running: Installation, data: Path, tmp_path: Path) -> None:
    """Neither for the one that an interrupted rotation began with, nor for one that is made."""
    given = tmp_path / "given"
    before = file_of(running).read_text()
    for wrong in (None, "not a key", f"{'ab' * 32} {'cd' * 32}"):
        if wrong:
            given.write_text(wrong)
        refused = recourse(data, "keys", "rotate", "--to", str(given))
        assert (refused.returncode, refused.stdout) == (1, "")
        assert f"{given} does not hold one master key" in refused.stderr
    assert file_of(running).read_text() == before
    asyncio.run(rewrapped_halfway(running))
    new, old = parse(file_of(running).read_text())
    given.write_text(secrets.token_hex(32))
    refused = recourse(data, "keys", "rotate", "--to", str(given))
    assert refused.returncode == 1
    assert f"A rotation to master key {id_of(new).hex()} was begun" in refused.stderr
    assert parse(file_of(running).read_text()) == [new, old]
    given.write_text(new.hex())
    assert recourse(data, "keys", "rotate", "--to", str(given)).returncode == 0
    assert parse(file_of(running).read_text()) == [new]


def test_a_table_is_closed_to_the_earlier_key_while_it_is_rewrapped(running: Installation) -> None:
    asyncio.run(rewrapped_halfway(running))
    with psycopg.connect(database(running, "social"), autocommit=True) as conn:
        late = Keyring(Masters(parse(file_of(running).read_text())[1])).create(UUID(int=1))
        with pytest.raises(psycopg.errors.CheckViolation):
            conn.execute("insert into keys values (%s, %s)", [UUID(int=1), late])


def test_a_service_with_another_master_says_so_and_does_not_start(running: Installation, tmp_path: Path) -> None:
    import os

    complain(running, "words")
    environment: dict[str, Any] = os.environ | {
        "RECOURSE_KAFKA": running.kafka, "RECOURSE_POSTGRES": running.postgres, "RECOURSE_SECRET": running.secret,
    }  # fmt: skip
    for key, said in ((secrets.token_hex(32), "Give this service the right one"), ("short", "64 hexadecimal digits")):
        command = [sys.executable, "-m", "deploy", "serve", "cases", "--port", str(free_port())]
        done = subprocess.run(
            command, env=environment | {"RECOURSE_MASTER_KEY": key}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr
        assert key not in done.stderr


async def put_a_strangers_record(at: Installation) -> None:
    async with AIOKafkaProducer(bootstrap_servers=at.kafka) as producer:
        await producer.send_and_wait(at.cluster.name(PEOPLE_KEYS), b"hello", b"a stranger")


def test_a_strangers_record_is_told_of_and_stops_no_command(running: Installation, data: Path) -> None:
    person = complain(running, secrets.token_hex(8))
    asyncio.run(put_a_strangers_record(running))
    said = recourse(data, "keys", "status")
    assert said.returncode == 0, said.stderr
    assert "1 records on people-keys are no person's" in said.stdout
    for words in (["keys", "rotate"], ["erase", person, "--yes"]):
        done = recourse(data, *words)
        assert done.returncode == 0, done.stderr
