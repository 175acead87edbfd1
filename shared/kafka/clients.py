"""Readers of Kafka outside any group, and what they ask it: here alone is used what aiokafka keeps private."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import UnknownTopicOrPartitionError

from shared.kafka.records import ConsumerRecord
from shared.kafka.topics import Cluster

WHOLE_LOG = {"max_partition_fetch_bytes": 8_388_608, "fetch_max_bytes": 67_108_864}
"""Options of a reader that reads much."""


def reader(cluster: Cluster, **options: Any) -> AIOKafkaConsumer:
    """A client that commits no offsets and begins at the beginning where it was not told where."""
    return AIOKafkaConsumer(
        bootstrap_servers=cluster.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest", **options
    )


async def topics(kafka: AIOKafkaConsumer) -> set[str]:
    """All that the cluster has."""
    return set((await kafka._client.fetch_all_metadata()).topics())


async def partitions(kafka: AIOKafkaConsumer, *names: str) -> list[TopicPartition]:
    """All of these topics, in order; a topic that is missing has none."""
    known = await kafka._client.fetch_all_metadata()
    return [TopicPartition(name, number) for name in names for number in sorted(known.partitions_for_topic(name) or ())]


async def required_partitions(kafka: AIOKafkaConsumer, *names: str) -> list[TopicPartition]:
    """The same; raises `UnknownTopicOrPartitionError` where a topic is missing."""
    found = await partitions(kafka, *names)
    for name in names:
        if all(partition.topic != name for partition in found):
            raise UnknownTopicOrPartitionError(name)
    return found


async def ends(kafka: AIOKafkaConsumer, *names: str) -> dict[TopicPartition, int]:
    """The offset after the last record of each partition of these topics."""
    found: dict[TopicPartition, int] = await kafka.end_offsets(await partitions(kafka, *names))
    return found


async def read_to(
    kafka: AIOKafkaConsumer, limits: Mapping[TopicPartition, int], most: int = 2_000
) -> AsyncIterator[list[ConsumerRecord]]:
    """Batches below these offsets, in order within each partition; the next call goes on from there."""
    while left := [place for place, limit in limits.items() if await kafka.position(place) < limit]:
        batch: list[ConsumerRecord] = []
        for place, records in (await kafka.getmany(*left, timeout_ms=1000, max_records=most)).items():
            if records[-1].offset >= limits[place]:
                kafka.seek(place, limits[place])
            batch += [record for record in records if record.offset < limits[place]]
        if batch:
            yield batch
