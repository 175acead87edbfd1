"""How far each consumer is behind, and whether it moves: health looks at this, not at pings."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.consumer import Reading
from shared.telemetry import LAG, log, told
from shared.topics import Cluster

EVERY = 2.0
PATIENCE = 30.0
"""Seconds that a consumer may stand still while there is something to read."""


@dataclass(frozen=True, slots=True)
class Lag:
    """One consumer's state: `stuck` when it is behind and has not moved for `PATIENCE` seconds."""

    consumer: str
    behind: int
    still_for: float
    trouble: str | None

    @property
    def stuck(self) -> bool:
        return self.behind > 0 and self.still_for > PATIENCE


class LagWatch:
    """Asks Kafka for the ends of the topics and compares."""

    def __init__(self, cluster: Cluster, readings: Sequence[Reading]) -> None:
        self._bootstrap = cluster.bootstrap
        self._readings = readings
        self._moved: dict[str, tuple[int, float]] = {}
        self._task: asyncio.Task[None] | None = None
        self.lags: dict[str, Lag] = {}
        self.answered = time.monotonic()

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch(), name="lag")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    @property
    def ready(self) -> bool:
        """Kafka answers, and no consumer is stuck or in trouble."""
        heard = time.monotonic() - self.answered < PATIENCE
        return heard and not any(lag.stuck or lag.trouble for lag in self.lags.values())

    async def _watch(self) -> None:
        while True:
            try:
                async with AIOKafkaConsumer(bootstrap_servers=self._bootstrap) as kafka:
                    while True:
                        await self._look(kafka)
                        await asyncio.sleep(EVERY)
            except (KafkaError, OSError) as error:
                log.warning("lag is unknown", error=told(error))
                await asyncio.sleep(EVERY)

    async def _look(self, kafka: AIOKafkaConsumer) -> None:
        topics = {topic for reading in self._readings for topic in reading.topics}
        cluster = await kafka._client.fetch_all_metadata()
        partitions = [TopicPartition(t, p) for t in topics for p in cluster.partitions_for_topic(t) or ()]
        ends = await kafka.end_offsets(partitions)
        now = self.answered = time.monotonic()
        for reading in self._readings:
            behind = 0
            for partition, end in ends.items():
                if partition.topic in reading.topics:
                    _, at = reading.stands.get((partition.topic, partition.partition), (0, 0))
                    LAG.labels(reading.name, partition.topic, str(partition.partition)).set(max(0, end - at))
                    behind += max(0, end - at)
            reached = sum(offset for _, offset in reading.stands.values())
            before, since = self._moved.get(reading.name, (-1, now))
            if reached != before or behind == 0:
                since = now
            self._moved[reading.name] = (reached, since)
            self.lags[reading.name] = Lag(reading.name, behind, now - since, reading.trouble)
