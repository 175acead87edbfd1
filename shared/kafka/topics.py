"""Topics: their settings, and the partition that a key belongs to (Kafka's own murmur2)."""

import asyncio
import struct
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import for_code
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from shared.events import OWNERS

PEOPLE_KEYS = "people-keys"
ACCESS = "access"
SETTINGS = Path(__file__).parents[2] / "deploy" / "topics.toml"
MINUTES_10 = 600_000
TOPIC_EXISTS = 36
TRIES = 100
"""A tenth of a second apart; whoever finds a topic missing after that says so."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Kafka cluster, the prefix of this installation's topics and groups there, and how many copies each has."""

    bootstrap: str
    prefix: str = ""
    replication: int = 1

    def name(self, bare: str) -> str:
        return self.prefix + bare


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Kept(_Strict):
    """A topic that forgets nothing."""

    policy: Literal["delete"] = Field(alias="cleanup.policy")
    milliseconds: Literal[-1] = Field(alias="retention.ms")
    bytes: Literal[-1] = Field(alias="retention.bytes")


class Buried(Kept):
    """Whatever the broker took elsewhere must fit, with a reason beside it."""

    largest: Annotated[int, Field(ge=2_200_000)] = Field(alias="max.message.bytes")


class Compacted(_Strict):
    """A topic whose older values leave the disk within minutes."""

    policy: Literal["compact"] = Field(alias="cleanup.policy")
    segment: Annotated[PositiveInt, Field(le=MINUTES_10)] = Field(alias="segment.ms")
    lag: Annotated[PositiveInt, Field(le=MINUTES_10)] = Field(alias="max.compaction.lag.ms")
    tombstones: Annotated[int, Field(ge=3_600_000)] = Field(alias="delete.retention.ms")
    dirty: Annotated[float, Field(gt=0, lt=0.5)] = Field(alias="min.cleanable.dirty.ratio")


class TopicSettings(_Strict):
    """`deploy/topics.toml`: a value that would lose an event or keep a destroyed key is refused."""

    partitions: PositiveInt
    events: Kept
    people_keys: Compacted = Field(alias="people-keys")
    dead_letters: Buried = Field(alias="dead-letters")


@cache
def topic_settings(path: Path = SETTINGS) -> TopicSettings:
    """Raises ValueError, which names the file, the setting and the rule."""
    try:
        return TopicSettings.model_validate(tomllib.loads(path.read_text()))
    except ValidationError as wrong:
        why = [f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in wrong.errors()]
        raise ValueError(f"{path}: {'; '.join(why)}") from None


async def create_topics(cluster: Cluster, *, partitions: int | None = None, dead: Sequence[str] = ()) -> None:
    """Make what is missing; topics that exist are left as they are."""
    settings, copies = topic_settings(), cluster.replication
    count = partitions or settings.partitions
    wanted = [_topic(cluster.name(name), count, copies, settings.events) for name in OWNERS]
    wanted.append(_topic(cluster.name(PEOPLE_KEYS), count, copies, settings.people_keys))
    wanted.append(_topic(cluster.name(ACCESS), 1, copies, settings.people_keys))
    wanted += [_topic(name, 1, copies, settings.dead_letters) for name in dead]
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    await admin.start()
    try:
        answer = await admin.create_topics(wanted)
        for name, code, *rest in answer.topic_errors:  # type: ignore[attr-defined]
            if code not in (0, TOPIC_EXISTS):
                raise for_code(code)(f"topic {name}: {rest}")
        await _known(admin, {topic.name for topic in wanted})
    finally:
        await admin.close()


async def _known(admin: AIOKafkaAdminClient, names: set[str]) -> None:
    """A broker learns a moment later what its controller has made, and until then says that there is no such topic."""
    for _ in range(TRIES):
        if names <= set(await admin.list_topics()):
            return
        await asyncio.sleep(0.1)


def _topic(name: str, partitions: int, copies: int, settings: Kept | Compacted) -> NewTopic:
    """A record counts as written once all copies but one have it, so that one broker may be away."""
    configs: dict[str, Any] = {key: str(value) for key, value in settings.model_dump(by_alias=True).items()}
    return NewTopic(name, partitions, copies, topic_configs=configs | {"min.insync.replicas": str(max(1, copies - 1))})


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
    """The partition to which Kafka's default partitioner sends the key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
