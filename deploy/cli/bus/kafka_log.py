"""Reads Kafka outside any group: partition counts, and records from given offsets up to the present ends."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import orjson
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.events import OWNERS
from shared.kafka.chain import Place
from shared.kafka.clients import WHOLE_LOG, partitions, read_to, reader
from shared.kafka.records import ConsumerRecord
from shared.kafka.topics import PEOPLE_KEYS, Cluster, create_topics


async def partition_counts(cluster: Cluster) -> dict[str, int]:
    """Of each topic of the installation that is there, by its bare name."""
    async with reader(cluster) as kafka:
        found = await partitions(kafka, *map(cluster.name, [*OWNERS, PEOPLE_KEYS]))
    return Counter(place.topic.removeprefix(cluster.prefix) for place in found)


async def places(cluster: Cluster, topics: Iterable[str]) -> list[Place]:
    """Every partition of these topics (bare names)."""
    counts = await partition_counts(cluster)
    return [(cluster.name(topic), number) for topic in topics for number in range(counts.get(topic, 0))]


async def batches(
    cluster: Cluster, starts: Mapping[Place, int], ends: Mapping[Place, int] | None = None
) -> AsyncIterator[list[ConsumerRecord]]:
    """Records from `starts` up to `ends`, or to the present end of the log; in order within each partition."""
    if not starts:
        return
    async with reader(cluster, **WHOLE_LOG) as kafka:
        wanted = {TopicPartition(*place): start for place, start in starts.items()}
        kafka.assign(list(wanted))
        last = await kafka.end_offsets(wanted)
        first = await kafka.beginning_offsets(wanted)
        if ends is not None:
            last = {place: min(end, ends.get(tuple(place), 0)) for place, end in last.items()}
        for place, start in wanted.items():
            kafka.seek(place, max(first[place], start))
        async for batch in read_to(kafka, last):
            yield batch


async def compacted(cluster: Cluster, topic: str) -> dict[str, Any]:
    """The present values of a small compacted topic: JSON by key, without what was deleted or is a stranger's."""
    async with reader(cluster) as kafka:
        found = await partitions(kafka, cluster.name(topic))
    said: dict[str, Any] = {}
    async for batch in batches(cluster, dict.fromkeys(found, 0)):
        said |= {record.key.decode(errors="replace"): record.value for record in batch if record.key}
    read: dict[str, Any] = {}
    for key, value in said.items():
        with suppress(orjson.JSONDecodeError):
            read |= {} if value is None else {key: orjson.loads(value)}
    return read


async def make_topics(cluster: Cluster, partitions: int | None) -> dict[str, int]:
    """Make the topics that are missing; answers the partitions of all, once Kafka tells everybody of them."""
    await create_topics(cluster, partitions=partitions)
    while len(counts := await partition_counts(cluster)) < len(OWNERS) + 1:  # noqa: ASYNC110 - as below
        await asyncio.sleep(0.2)
    return counts


async def delete_topics(cluster: Cluster, topics: Sequence[str]) -> None:
    """And wait until they are gone."""
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([cluster.name(topic) for topic in topics])
    finally:
        await admin.close()
    while set(await partition_counts(cluster)) & set(topics):  # noqa: ASYNC110 - Kafka has no event for it
        await asyncio.sleep(0.2)
