"""Dead letters of views and policies: the records as they came, with the reason and their origin."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer

from shared.kafka.chain import Dead
from shared.kafka.clients import ends, read_to, reader, topics
from shared.kafka.topics import Cluster, create_topics
from shared.telemetry import DEAD, log

MOST_BYTES = 4_194_304
"""Largest record, with its key and headers, in bytes."""


class DeadLetters:
    """The topics `<service>.<view or policy>.dead`, made when the first record must go there."""

    def __init__(self, cluster: Cluster, service: str) -> None:
        self._cluster, self._service = cluster, service
        self._made: set[str] = set()

    async def publish(self, of: str, dead: Sequence[Dead]) -> None:
        """Set records aside as they are, of a view or policy."""
        consumer = f"{self._service}.{of}"
        topic = self._cluster.name(f"{consumer}.dead")
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
                log.error("record set aside", consumer=consumer, source=source, error=letter.error)
        DEAD.labels(consumer).inc(len(dead))


@dataclass(frozen=True)
class Letter:
    """A record that a consumer set aside."""

    group: str
    offset: int
    source: str
    type: str
    error: str
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


async def dead_letters(cluster: Cluster) -> list[Letter]:
    """All of them, oldest first."""
    letters: list[Letter] = []
    async with reader(cluster) as kafka:
        names = [name for name in await topics(kafka) if name.startswith(cluster.prefix) and name.endswith(".dead")]
        limits = await ends(kafka, *names)
        kafka.assign(list(limits))
        async for batch in read_to(kafka, limits):
            letters += [_letter(raw.topic.removeprefix(cluster.prefix).removesuffix(".dead"), raw) for raw in batch]
    return letters


def _letter(group: str, record: Any) -> Letter:
    found = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
    return Letter(
        group, record.offset, found.get("source", ""), found.get("ce_type", ""), found.get("error", ""),
        record.value, tuple(record.headers),
    )  # fmt: skip
