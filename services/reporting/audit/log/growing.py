"""From the log to its trees: what is new in each partition, its chain recomputed, is added as leaves.

What is kept here is a copy. Where it does not fit the log (a broker was restored, offsets moved), the tree is made
again from the beginning, and must then have the roots that were sealed.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.reporting.audit.check import chain
from services.reporting.audit.log import tiles
from services.reporting.audit.log.tiles import Tiles
from shared.events import OWNERS
from shared.kafka import clients
from shared.kafka.records import FIRST_CHAIN, ConsumerRecord, Malformed, Record, read
from shared.kafka.topics import Cluster
from shared.problems import RuleBroken

BATCH = 2000


class LogBroken(RuleBroken):
    """The log has been changed, so no checkpoint was created. Run `recourse audit verify`."""


def reader(cluster: Cluster, most: int = 4_194_304) -> AIOKafkaConsumer:
    """In no group: it moves nobody's offsets. `most` bytes are fetched at once, and at least one batch."""
    # A fetch at the end of a partition holds up the next.
    return clients.reader(cluster, max_partition_fetch_bytes=most, fetch_max_wait_ms=20)


async def partitions(kafka: AIOKafkaConsumer, cluster: Cluster) -> list[TopicPartition]:
    """Partitions of every topic that a service owns."""
    return await clients.required_partitions(kafka, *map(cluster.name, OWNERS))


async def grow(conn: Any, kafka: AIOKafkaConsumer, place: TopicPartition, topic: str) -> int:
    """Add what is new to the partition's tree; answers how many leaves it has then."""
    tree = await tiles.load_edge(conn, topic, place.partition)
    try:
        async with conn.transaction():
            return await _follow(conn, kafka, place, topic, tree)
    except LogBroken:
        if not tree.size:
            raise
    async with conn.transaction():
        await tiles.clear(conn, topic, place.partition)
        return await _follow(conn, kafka, place, topic, Tiles())


async def _follow(conn: Any, kafka: AIOKafkaConsumer, place: TopicPartition, topic: str, tree: Tiles) -> int:
    size = tree.size
    position, offset = tree.place(size - 1) if size else (0, -1)
    link = tree.link(size - 1) if size else FIRST_CHAIN
    kafka.assign([place])
    end = (await kafka.end_offsets([place]))[place]
    if end <= offset:
        raise LogBroken(f"{topic}/{place.partition} ends before what was sealed. Run `recourse audit verify`.")
    if size and (await fetch(kafka, place, offset, position)).chain != link:
        raise LogBroken(f"{topic}/{place.partition} was rewritten. Run `recourse audit verify`.")
    kafka.seek(place, offset + 1)
    while await kafka.position(place) < end:
        found = await kafka.getmany(place, timeout_ms=1000, max_records=BATCH)
        batch = [raw for raw in found.get(place, ()) if raw.offset < end]
        for record in await asyncio.to_thread(_checked, batch, topic, position, link):
            tree.append(size, record.chain, record.position, record.offset)
            size, position, link = size + 1, record.position, record.chain
        await tree.save(conn, topic, place.partition)
    return size


def _checked(batch: Sequence[ConsumerRecord], topic: str, position: int, link: bytes) -> list[Record]:
    """Records that continue the log, without those that no relay sent or that were sent again."""
    fresh = []
    for record in _read(batch):
        if record.position > position:
            made = chain(link, record.position, record.name, record.value)
            if record.previous != position or record.chain != made:
                where = f"{topic}/{record.partition}, offset {record.offset}, position {record.position}"
                raise LogBroken(f"The chain does not hold at {where}. Run `recourse audit verify` to see why.")
            position, link = record.position, made
            fresh.append(record)
    return fresh


def _read(batch: Sequence[ConsumerRecord]) -> Iterator[Record]:
    for raw in batch:
        try:
            yield read(raw)
        except Malformed:
            continue


async def fetch(kafka: AIOKafkaConsumer, place: TopicPartition, offset: int, position: int) -> Record:
    """One record of the log, for evidence."""
    if kafka.assignment() != {place}:
        kafka.assign([place])
    kafka.seek(place, offset)
    for record in _read([await asyncio.wait_for(kafka.getone(place), 30)]):
        if (record.offset, record.position) == (offset, position):
            return record
    raise LogBroken(f"{place.topic}/{place.partition} has another record at offset {offset}. Seal the log anew.")
