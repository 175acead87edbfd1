"""What views and policies have set aside: the records as they came, with why and from where."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.kafka.chain import Dead
from shared.kafka.topics import Cluster, create_topics
from shared.telemetry import DEAD, log

MOST_BYTES = 4_194_304
"""Of one record with all that is about it."""


class DeadLetters:
    """The topics `<service>.<view or policy>.dead`, made when the first record must go there."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._made: set[str] = set()

    async def publish(self, name: str, dead: Sequence[Dead]) -> None:
        """Set records aside as they are."""
        topic = self._cluster.name(f"{name}.dead")
        if topic not in self._made:
            await create_topics(self._cluster, dead=[topic])
            self._made.add(topic)
        async with AIOKafkaProducer(
            bootstrap_servers=self._cluster.bootstrap, enable_idempotence=True, max_request_size=MOST_BYTES
        ) as kafka:
            for letter in dead:
                raw = letter.raw
                source = f"{raw.topic}/{raw.partition}/{raw.offset}"
                headers = [(name, value or b"") for name, value in raw.headers]
                headers += [("error", letter.error.encode()), ("source", source.encode())]
                # The client sends no record without key and value; that this one had none, its error says.
                value = b"" if raw.key is None and raw.value is None else raw.value
                await kafka.send_and_wait(topic, value, raw.key, headers=headers)
                log.error("record set aside", consumer=name, source=source, error=letter.error)
        DEAD.labels(name).inc(len(dead))


@dataclass(frozen=True)
class Letter:
    """A record that a consumer set aside."""

    group: str
    offset: int
    source: str
    type: str
    error: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


async def dead_letters(cluster: Cluster) -> list[Letter]:
    """All of them, oldest first."""
    letters = []
    async with AIOKafkaConsumer(bootstrap_servers=cluster.bootstrap, auto_offset_reset="earliest") as kafka:
        prefix = cluster.prefix
        topics = (await kafka._client.fetch_all_metadata()).topics()
        places = [TopicPartition(t, 0) for t in topics if t.endswith(".dead") and t.startswith(prefix)]
        if not places:
            return []
        kafka.assign(places)
        ends = await kafka.end_offsets(places)
        await kafka.seek_to_beginning(*places)
        while any([await kafka.position(p) < end for p, end in ends.items()]):
            for partition, records in (await kafka.getmany(timeout_ms=500)).items():
                group = partition.topic.removeprefix(prefix).removesuffix(".dead")
                letters += [_letter(group, record) for record in records]
    return letters


def _letter(group: str, record: Any) -> Letter:
    found = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
    return Letter(
        group, record.offset, found.get("source", ""), found.get("ce_type", ""), found.get("error", ""),
        record.key, record.value, tuple(record.headers),
    )  # fmt: skip
