"""The embedded servers are real ones, so what they promise is tried on them: starts, kills, refusals."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.embedded import postgres as embedded_postgres
from deploy.embedded.databases import create_database
from deploy.embedded.jars import jars
from deploy.embedded.kafka import start_kafka
from deploy.embedded.postgres import start_postgres
from deploy.embedded.process import DataFolderInUse, EmbeddedServerError
from deploy.embedded.servers import servers

TOPIC = TopicPartition("letters", 0)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all tests here, with a path that is too long for a Unix socket."""
    return tmp_path_factory.mktemp("data") / ("of-a-very-long-path-" * 6)


async def write(bootstrap: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True) as producer:
        await producer.send_and_wait(TOPIC.topic, value, partition=TOPIC.partition)


async def read_all(bootstrap: str) -> list[bytes]:
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        consumer.assign([TOPIC])
        await consumer.seek_to_beginning()
        end = (await consumer.end_offsets([TOPIC]))[TOPIC]
        return [(await consumer.getone()).value for _ in range(end)]


async def test_servers_keep_their_data_from_run_to_run(data: Path) -> None:
    with servers(data, print) as first:
        admin = AIOKafkaAdminClient(bootstrap_servers=first["kafka"])
        await admin.start()
        await admin.create_topics([NewTopic(TOPIC.topic, num_partitions=1, replication_factor=1)])
        await admin.close()
        await write(first["kafka"], b"Dear Sirs")
        with psycopg.connect(create_database(first["postgres"], "intake")) as connection:
            connection.execute("create table letters as select 'Dear Sirs' as words")
        with pytest.raises(DataFolderInUse, match="Stop it"), servers(data, print):
            pass

    with servers(data, print) as second:
        assert await read_all(second["kafka"]) == [b"Dear Sirs"]
        with psycopg.connect(create_database(second["postgres"], "intake")) as connection:
            assert connection.execute("select words from letters").fetchall() == [("Dear Sirs",)]
        assert second == first


async def test_killed_broker_starts_again_with_what_it_acknowledged(data: Path) -> None:
    broker = start_kafka(data)
    await write(broker.bootstrap, b"I am still waiting")
    os.kill(broker.pid, signal.SIGKILL)
    broker.stop()

    broker = start_kafka(data)
    try:
        assert (await read_all(broker.bootstrap))[-1] == b"I am still waiting"
        await write(broker.bootstrap, b"At last")
        assert (await read_all(broker.bootstrap))[-1] == b"At last"
    finally:
        broker.stop()


@pytest.mark.parametrize("left_behind", ["its own number", "another program's number", ""])
def test_killed_postgres_starts_again(data: Path, left_behind: str) -> None:
    server = start_postgres(data)
    url = create_database(server.url(), "intake")
    with psycopg.connect(url) as connection:
        connection.execute("create table if not exists survivors (said text)")
        connection.execute("insert into survivors values (%s)", [left_behind])
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    stale = data / "postgres" / "cluster" / "postmaster.pid"
    if left_behind != "its own number":
        stale.write_text(stale.read_text().replace(str(server.pid), str(os.getpid()), 1) if left_behind else "")

    server = start_postgres(data)
    with psycopg.connect(url) as connection:
        said = connection.execute("select said from survivors").fetchall()
    server.stop()
    assert (left_behind,) in said


def test_server_of_another_run_is_left_in_peace(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_postgres, "PATIENCE", 0.0)
    server = start_postgres(data)
    try:
        with pytest.raises(DataFolderInUse, match="choose another data folder"):
            start_postgres(data)
        assert server.running
    finally:
        server.stop()


@pytest.mark.parametrize("killed", ["starter", "guard"])
def test_servers_end_when_their_starter_is_killed(data: Path, killed: str) -> None:
    program = (
        "import sys, pathlib; from deploy.embedded.postgres import start_postgres;"
        "server = start_postgres(pathlib.Path(sys.argv[1]));"
        "print(server._guard.pid, server.pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, data], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout
        guard, server = map(int, starter.stdout.readline().split())
        os.kill(server, signal.SIGSTOP)  # it will take its time to end
        os.kill(starter.pid if killed == "starter" else guard, signal.SIGKILL)
        threading.Timer(0.5, os.kill, (server, signal.SIGCONT)).start()
        start_postgres(data).stop()  # this waits for it


def test_server_that_cannot_start_shows_its_log(data: Path) -> None:
    with pytest.raises(EmbeddedServerError, match=r"(?s)ended while starting.*a great many"):
        start_postgres(data, settings={"max_connections": "a great many"})
    with pytest.raises(EmbeddedServerError, match=r"(?s)ended while starting.*a great many"):
        start_kafka(data, settings={"num.io.threads": "a great many"})


def test_port_in_use_is_named(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = occupied.getsockname()[1]
        with pytest.raises(EmbeddedServerError, match=f"Port {port}.*choose another port"):
            start_kafka(data, port)


def test_existing_servers_are_used_as_they_are(tmp_path: Path, postgres: Callable[[str], str]) -> None:
    existing = postgres("existing")
    with servers(tmp_path, print, kafka="broker:9092", postgres=existing) as named:
        assert named["kafka"] == "broker:9092"
        for _ in range(2):
            with psycopg.connect(create_database(named["postgres"], "a service's own")) as connection:
                assert connection.info.dbname == "a service's own"
        with psycopg.connect(existing, autocommit=True) as connection:
            connection.execute('drop database "a service\'s own"')
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package index with one jar in it, and an empty repository on this machine."""
    served = tmp_path / "served"
    (served / "org/example/letters/1.0").mkdir(parents=True)
    (served / "org/example/letters/1.0/letters-1.0.jar").write_bytes(b"as published")
    handler = partial(QuietHandler, directory=served)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        index(tmp_path, monkeypatch, server.server_port)
        yield tmp_path / "repository/org/example/letters/1.0/letters-1.0.jar"
        server.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def index(folder: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    (folder / "jgo.conf").write_text(f"[repositories]\nmirror = http://127.0.0.1:{port}\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(folder / "jgo.conf"))
    monkeypatch.setenv("M2_REPO", str(folder / "repository"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def lock(folder: Path, pinned: bytes) -> Path:
    path = folder / "jgo.lock.toml"
    entry = {"groupId": "org.example", "artifactId": "letters", "version": "1.0"}
    entry["sha256"] = hashlib.sha256(pinned).hexdigest()
    path.write_text("[[dependencies]]\n" + "".join(f'{key} = "{value}"\n' for key, value in entry.items()))
    return path


def test_pinned_jar_is_fetched_once_and_a_damaged_one_again(tmp_path: Path, mirror: Path) -> None:
    said: list[str] = []
    pinned = lock(tmp_path, b"as published")
    assert jars(pinned, said.append) == [mirror]
    assert jars(pinned, said.append) == [mirror]
    assert len(said) == 1
    mirror.write_bytes(b"as publ")
    assert jars(pinned)[0].read_bytes() == b"as published"


def test_altered_jar_is_refused_and_not_kept(tmp_path: Path, mirror: Path) -> None:
    with pytest.raises(EmbeddedServerError, match=r"org.example:letters:1.0 is not the file"):
        jars(lock(tmp_path, b"as we built with"))
    assert not mirror.exists()


def test_unreachable_index_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        index(tmp_path, monkeypatch, nobody.getsockname()[1])
        with pytest.raises(EmbeddedServerError, match=r"letters:1.0.*Check the network.*RECOURSE_KAFKA"):
            jars(lock(tmp_path, b"as published"))
