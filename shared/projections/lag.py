"""The lag of each consumer and of the relay, and the time since they moved: health looks at this, not at pings.

The database says how far they are, for all processes of the service together: what another one reads is no lag here.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.kafka.clients import ends, reader
from shared.kafka.topics import Cluster
from shared.postgres.pools import Pool
from shared.projections.sink import Reading
from shared.supervision import cancelled_only_by_us, finish
from shared.telemetry import ANSWERS, BEHIND, LAG, STILL, log, redacted

PROGRESS = """
select coalesce(v.name, p.consumer), p.topic, p.partition, p.next_offset
from progress p left join views v on p.consumer = v.name || '.g' || v.generation
"""
RELAYED = "select position, greatest(position, (select max(notification_id) from {service}_events)) from relay_position"
CUT_SHORT = "Kafka has lost a topic, or records that were read: `recourse kafka rebuild` sends them again"
EVERY = 2.0
WITHIN = 10_000
"""Milliseconds in which Kafka has to say how far a topic goes: one that is gone is asked for until then."""
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

    @property
    def well(self) -> bool:
        """Trouble with nothing left to read is over: another process has read it, or the same one since."""
        return not self.stuck and not (self.trouble and self.behind)


class LagWatch:
    """Asks Kafka for the ends of the topics and the database for how far each is, and compares."""

    def __init__(self, service: str, pool: Pool, cluster: Cluster, readings: Sequence[Reading]) -> None:
        self._service, self._pool = service, pool
        self._cluster = cluster
        self._readings = readings
        self._moved: dict[str, tuple[int, float]] = {}
        self._task: asyncio.Task[None] | None = None
        self.lags: dict[str, Lag] = {}
        self.answered = time.monotonic()

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch(), name="lag")

    async def stop(self) -> None:
        await finish(self._task)

    @property
    def ready(self) -> bool:
        """Kafka and the database answer, and neither the relay nor a consumer is stuck or in trouble."""
        heard = time.monotonic() - self.answered < PATIENCE
        return heard and all(lag.well for lag in self.lags.values())

    async def _watch(self) -> None:
        while True:
            try:
                with cancelled_only_by_us():
                    async with reader(self._cluster, request_timeout_ms=WITHIN) as kafka:
                        while True:
                            await self._look(kafka)
                            await asyncio.sleep(EVERY)
            except (KafkaError, psycopg.Error, OSError) as error:
                ANSWERS.labels(self._service, "postgres" if isinstance(error, psycopg.Error) else "kafka").set(0)
                log.warning("lag is unknown", error=redacted(error))
                await asyncio.sleep(EVERY)

    async def _look(self, kafka: AIOKafkaConsumer) -> None:
        async with self._pool.connection() as conn:
            rows = await (await conn.execute(PROGRESS)).fetchall()
            sent = await (await conn.execute(RELAYED.format(service=self._service))).fetchone()
        offsets = {(consumer, TopicPartition(*place)): offset for consumer, *place, offset in rows}
        # Asked for after the offsets, which so are never beyond them.
        found = await ends(kafka, *{topic for reading in self._readings for topic in reading.topics})
        self.answered = time.monotonic()
        for server in ("kafka", "postgres"):
            ANSWERS.labels(self._service, server).set(1)
        for reading in self._readings:
            name, behind, reached = f"{self._service}.{reading.of}", 0, 0
            lost = len(reading.topics - {partition.topic for partition in found})
            for partition, end in found.items():
                if partition.topic in reading.topics:
                    at = offsets.get((reading.of, partition), 0)
                    LAG.labels(name, partition.topic, str(partition.partition)).set(max(0, end - at))
                    behind, reached, lost = behind + max(0, end - at), reached + at, lost + max(0, at - end)
            self._note(name, behind + lost, reached, CUT_SHORT if lost else reading.trouble)
        assert sent is not None
        self._note(f"{self._service}.relay", sent[1] - sent[0], sent[0], None)

    def _note(self, name: str, behind: int, reached: int, trouble: str | None) -> None:
        now = time.monotonic()
        before, since = self._moved.get(name, (-1, now))
        if reached != before or behind == 0:
            since = now
        self._moved[name] = (reached, since)
        self.lags[name] = Lag(name, behind, now - since, trouble)
        BEHIND.labels(name).set(behind)
        STILL.labels(name).set(now - since)
