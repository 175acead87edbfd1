"""A key goes where Kafka's own partitioner would send it; topics keep what they must, and only that."""

import re
import uuid
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.partitioner import murmur2 as theirs
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from shared.kafka.topics import SETTINGS, Cluster, create_topics, murmur2, partition_of, topic_settings


@given(st.binary(max_size=100))
def test_murmur2_is_kafkas(key: bytes) -> None:
    assert murmur2(key) == theirs(key) & 0xFFFFFFFF


@pytest.mark.parametrize("partitions", [1, 4, 12])
def test_every_partition_is_used(partitions: int) -> None:
    assert {partition_of(str(n).encode(), partitions) for n in range(500)} == set(range(partitions))


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ('"retention.ms" = -1', '"retention.ms" = 604_800_000'),
        ('"segment.ms" = 60_000', '"segment.ms" = 604_800_000'),
        ('"cleanup.policy" = "compact"', '"cleanup.policy" = "delete"'),
        ("partitions = 4", "partitions = 0"),
        ("partitions = 4", "partition = 4"),
    ],
)
def test_settings_that_would_lose_or_keep_too_much_are_refused(tmp_path: Path, line: str, instead: str) -> None:
    path = tmp_path / "topics.toml"
    path.write_text(SETTINGS.read_text().replace(line, instead, 1))
    with pytest.raises(ValueError, match=re.escape(str(path)) + r".*" + instead.split(" ", maxsplit=1)[0].strip('"')):
        topic_settings(path)


async def test_the_broker_has_the_settings_of_the_file(kafka: str) -> None:
    cluster = Cluster(kafka, f"t{uuid.uuid4().hex[:8]}-")
    await create_topics(cluster, dead=[cluster.name("cases.caseload.dead")])
    settings = topic_settings()
    assert await configured(kafka, cluster.name("cases")) >= as_kafka_says(settings.events)
    assert await configured(kafka, cluster.name("people-keys")) >= as_kafka_says(settings.people_keys)
    assert await configured(kafka, cluster.name("cases.caseload.dead")) >= as_kafka_says(settings.dead_letters)


def as_kafka_says(settings: BaseModel) -> set[tuple[str, str]]:
    return {(key, str(value)) for key, value in settings.model_dump(by_alias=True).items()} | {
        ("min.insync.replicas", "1")
    }


async def configured(kafka: str, topic: str) -> set[tuple[str, str]]:
    """What the broker itself says of the topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    finally:
        await admin.close()
    return {(entry[0], entry[1]) for entry in answer.resources[0][4]}  # type: ignore[attr-defined]
