"""Reads Kafka outside any group: partitions, and records from given offsets up to the present ends."""

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
from shared.kafka.topics import PEOPLE_KEYS, Cluster


async def places(cluster: Cluster, topics: Iterable[str]) -> list[TopicPartition]:
    """Every partition of these topics (bare names) that is there."""
    async with reader(cluster) as kafka:
        return await partitions(kafka, *map(cluster.name, topics))


async def partition_counts(cluster: Cluster) -> dict[str, int]:
    """Of each topic of events and of keys that is there, by its bare name."""
    return Counter(place.topic.removeprefix(cluster.prefix) for place in await places(cluster, [*OWNERS, PEOPLE_KEYS]))


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
        for place, start in wanted.items():
            kafka.seek(place, max(first[place], start))
        async for batch in read_to(kafka, {place: min(end, (ends or last)[place]) for place, end in last.items()}):
            yield batch


async def whole(cluster: Cluster, *topics: str) -> AsyncIterator[list[ConsumerRecord]]:
    """All that these topics (bare names) hold now."""
    async for batch in batches(cluster, dict.fromkeys(await places(cluster, topics), 0)):
        yield batch


async def compacted(cluster: Cluster, topic: str) -> dict[str, Any]:
    """The present values of a small compacted topic: JSON by key, without what was deleted or is a stranger's."""
    said: dict[str, bytes | None] = {}
    async for batch in whole(cluster, topic):
        said |= {record.key.decode(errors="replace"): record.value for record in batch if record.key}
    read: dict[str, Any] = {}
    for key, value in said.items():
        with suppress(orjson.JSONDecodeError):
            read |= {key: orjson.loads(value)} if value else {}
    return read


async def delete_topics(cluster: Cluster, topics: Sequence[str]) -> None:
    """And wait until they are gone."""
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([cluster.name(topic) for topic in topics])
    finally:
        await admin.close()
    while await places(cluster, topics):  # noqa: ASYNC110 - Kafka has no event for it
        await asyncio.sleep(0.2)
