"""A world for the tests of timers and effects."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest_asyncio

from shared.kafka.topics import Cluster, create_topics
from shared.service.settings import Settings
from tests.serving import MASTER, SECRET
from tests.shared.features.timed import World


@pytest_asyncio.fixture
async def world(kafka: str, postgres: Callable[[str], str], tmp_path: Path) -> World:
    cluster = Cluster(kafka, f"t{uuid.uuid4().hex[:8]}-")
    await create_topics(cluster, partitions=2)
    return World(
        tmp_path,
        Settings(
            postgres=postgres("timed"),
            kafka=cluster.bootstrap,
            topic_prefix=cluster.prefix,
            master_key=MASTER.hex(),
            secret=SECRET,
        ),
    )
