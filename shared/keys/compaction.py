"""Lets destroyed keys leave Kafka's disk while nothing else is written.

Compaction never touches the segment that is written to, and a segment ends only when something is written after its
time: in a quiet installation the last key to be destroyed would stay for ever. Two records without a key, a segment's
time apart, follow whatever was written last; readers pass them over.
"""

import asyncio

from aiokafka import AIOKafkaProducer, TopicPartition

from shared.kafka.clients import ends, reader
from shared.kafka.topics import PEOPLE_KEYS, Cluster
from shared.postgres.leader import leading

PAUSE = 65.0
"""Seconds: longer than the topic's `segment.ms`, so that the second record begins a segment."""
NUDGE = b""


class KeyCompaction:
    """Run by one service, the one that destroys keys."""

    def __init__(self, cluster: Cluster, url: str, pause: float = PAUSE) -> None:
        self._cluster, self._url, self._pause = cluster, url, pause
        self._ours: dict[TopicPartition, tuple[int, int]] = {}

    async def run(self) -> None:
        """Look once a pause, for ever; one process of the service at a time, as another's nudge would be news.

        The connection that holds the lock is asked each time: who has lost the lock begins anew.
        """
        topic = self._cluster.name(PEOPLE_KEYS)
        async with (
            leading(self._url, "compaction") as conn,
            AIOKafkaProducer(bootstrap_servers=self._cluster.bootstrap, acks="all") as producer,
            reader(self._cluster) as kafka,
        ):
            while True:
                await conn.execute("select 1")
                for partition, end in (await ends(kafka, topic)).items():
                    await self._nudge(producer, partition, end)
                await asyncio.sleep(self._pause)

    async def _nudge(self, producer: AIOKafkaProducer, partition: TopicPartition, end: int) -> None:
        """Twice after what somebody else wrote, then no more."""
        stood, times = self._ours.get(partition, (0, 0))
        times = times if end == stood else 0
        if end and times < 2:
            sent = await producer.send_and_wait(partition.topic, None, NUDGE, partition.partition)
            self._ours[partition] = (sent.offset + 1, times + 1)
