"""An installation as an earlier release left it: six databases and all of Kafka, from files, on real servers.

`data/` was written before the sources had rooms and features: thirty invented complaints, one person erased, and one
checkpoint of the log.
"""

import base64
import json
import lzma
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from deploy.installation import Installation
from deploy.services import SERVICES
from shared.kafka.topics import Cluster, create_topics
from tests.serving import SECRET, Served, serve

DATA = Path(__file__).parent / "data"
OF_TOPICS = ("progress", "relay_partitions")


@dataclass
class Earlier:
    """The services as they run on what was there."""

    cluster: Cluster
    databases: dict[str, str]
    served: dict[str, Served]


@pytest_asyncio.fixture(scope="package")
async def earlier(kafka: str, postgres: Callable[[str], str]) -> AsyncIterator[Earlier]:
    cluster = Cluster(kafka, f"t{uuid.uuid4().hex[:8]}-")
    await create_topics(cluster)
    await _send(cluster)
    databases = {name: _restore(postgres(f"earlier_{name}"), name, cluster) for name in SERVICES}
    secrets = json.loads((DATA / "installation.json").read_text())
    async with AsyncExitStack() as stack:
        served = {}
        for name, service in SERVICES.items():
            given = Installation(
                postgres=databases[name], kafka=kafka, topic_prefix=cluster.prefix, master_key=secrets["master_key"],
                secret=SECRET, id_secret=secrets["id_secret"], seal_key=secrets["seal_key"],
                url="http://localhost:8020",
            )  # fmt: skip
            served[name] = await stack.enter_async_context(serve(service.build, given))
        yield Earlier(cluster, databases, served)


async def _send(cluster: Cluster) -> None:
    """Each record to its partition, in the order of its offsets."""
    async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap, enable_idempotence=True) as kafka:
        for line in _read("kafka.jsonl.xz").splitlines():
            record = json.loads(line)
            await kafka.send(
                cluster.name(record["topic"]), _bytes(record["value"]), _bytes(record["key"]), record["partition"],
                record["timestamp"], [(name, base64.b64decode(value)) for name, value in record["headers"]],
            )  # fmt: skip


def _read(name: str) -> bytes:
    return lzma.decompress((DATA / name).read_bytes())


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


def _restore(url: str, service: str, cluster: Cluster) -> str:
    """The database as it was dumped; only the names of topics have this cluster's prefix."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(_read(f"{service}.sql.xz"))
        for table in OF_TOPICS:
            conn.execute(f"update public.{table} set topic = %s || topic", [cluster.prefix])
        conn.execute("delete from public.key_offsets")  # the topic was compacted, and its records stand elsewhere
    return url
