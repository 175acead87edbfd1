"""Topics: their settings, and the partition that a key belongs to (Kafka's own murmur2)."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import for_code

from shared.events import OWNERS

PEOPLE_KEYS = "people-keys"
FOR_EVER = {"retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete"}
COMPACTED = {
    "cleanup.policy": "compact",
    "segment.ms": "60000",
    "max.compaction.lag.ms": "60000",
    "delete.retention.ms": "86400000",
    "min.cleanable.dirty.ratio": "0.01",
}
"""Compaction never touches the active segment: a short one lets destroyed keys leave the disk in minutes."""

TOPIC_EXISTS = 36


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Kafka cluster, and the prefix under which this installation's topics and groups stand there."""

    bootstrap: str
    prefix: str = ""

    def name(self, bare: str) -> str:
        return self.prefix + bare


async def create_topics(
    cluster: Cluster, *, partitions: int = 4, replication: int = 1, dead: Sequence[str] = ()
) -> None:
    """Make what is missing; topics that exist are left as they are."""
    wanted = [NewTopic(cluster.name(name), partitions, replication, topic_configs=FOR_EVER) for name in OWNERS]
    wanted.append(NewTopic(cluster.name(PEOPLE_KEYS), partitions, replication, topic_configs=COMPACTED))
    wanted += [NewTopic(name, 1, replication, topic_configs=FOR_EVER) for name in dead]
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    await admin.start()
    try:
        answer = await admin.create_topics(wanted)
        for name, code, *rest in answer.topic_errors:  # type: ignore[attr-defined]
            if code not in (0, TOPIC_EXISTS):
                raise for_code(code)(f"topic {name}: {rest}")
    finally:
        await admin.close()


def murmur2(data: bytes) -> int:
    """Kafka's default hash of a key (32 bits, seed 0x9747b28c)."""
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    length = len(data)
    h = (0x9747B28C ^ length) & mask
    end = length & ~3
    for (k,) in struct.iter_unpack("<I", data[:end]):
        k = (k * m) & mask  # noqa: PLW2901
        k ^= k >> 24  # noqa: PLW2901
        h = ((h * m) & mask) ^ ((k * m) & mask)
    rest = data[end:]
    if rest:
        h = ((h ^ int.from_bytes(rest, "little")) * m) & mask
    h = ((h ^ (h >> 13)) * m) & mask
    return h ^ (h >> 15)


def partition_of(key: bytes, partitions: int) -> int:
    """Where Kafka's default partitioner would send the key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
