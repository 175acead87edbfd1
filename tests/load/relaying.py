"""How fast does the relay send what waits in the event table, beside a bare producer of the same bytes?"""

import asyncio
import time
from collections.abc import Sequence
from uuid import uuid4

import psycopg
from aiokafka import AIOKafkaProducer

from deploy.cli.operations import database
from shared.eventstore import relay
from shared.eventstore.relay import Relay
from shared.kafka.clients import ends, partitions, reader
from shared.kafka.topics import Cluster, create_topics
from shared.keys.keyring import Keyring
from tests.load.client import in_process
from tests.load.filling import put_complaints
from tests.load.measuring import Figure
from tests.processes import Site

FULL, SMALL = 20_000, 200
"""Complaints; each is two events."""
Bytes = tuple[str, int, bytes, bytes, list[tuple[str, bytes]]]


def measure(site: Site, small: bool) -> list[Figure]:
    """On topics and a database of its own, from reading the table to recording the last acknowledgement."""
    relayed, bare = (Cluster(site.at.kafka, f"{name}-{uuid4().hex[:6]}-") for name in ("relayed", "bare"))
    for cluster in (relayed, bare):
        asyncio.run(create_topics(cluster))
    url = database(site.at, f"relayed_{uuid4().hex[:6]}")
    events = _fill(url, Keyring(site.at.masters()), SMALL if small else FULL)
    seconds, used = in_process(send, url, relayed, events)
    limit, used_bare = in_process(send_bare, relayed, bare)
    cost, least = used * 1000 / events, used_bare * 1000 / events
    return [
        Figure("events relayed", events / seconds, "/s", events / limit, "a bare producer of the same bytes"),
        Figure("CPU of the relay per 1,000 events", cost, "s", least, "of the bare producer"),
    ]  # fmt: skip


def _fill(url: str, keyring: Keyring, complaints: int) -> int:
    """Answers how many events they are."""
    put_complaints(url, keyring, complaints)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(relay.SCHEMA)
        row = conn.execute("select count(*) from intake_events").fetchone()
    assert row is not None
    return int(row[0])


def send(url: str, cluster: Cluster, events: int) -> tuple[float, float]:
    """Seconds and CPU seconds, in a process of its own."""
    return asyncio.run(_send(url, cluster, events))


async def _send(url: str, cluster: Cluster, events: int) -> tuple[float, float]:
    sender = Relay("intake", url, cluster)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        began, used = time.perf_counter(), time.process_time()
        sender.start()
        while True:
            found = await conn.execute(
                "select (select position from relay_position) >= (select max(notification_id) from intake_events)"
            )
            if await found.fetchone() == (True,):
                break
            await asyncio.sleep(0.02)
        seconds = time.perf_counter() - began, time.process_time() - used
    await sender.stop()
    assert sum(await _ends(cluster)) == events
    return seconds


async def _ends(cluster: Cluster) -> Sequence[int]:
    async with reader(cluster) as kafka:
        return list((await ends(kafka, cluster.name("complaints"))).values())


def send_bare(relayed: Cluster, bare: Cluster) -> tuple[float, float]:
    """Seconds and CPU seconds for the records that the relay has sent, settings and all, read beforehand."""
    return asyncio.run(_send_bare(relayed, bare))


async def _send_bare(relayed: Cluster, bare: Cluster) -> tuple[float, float]:
    records: list[Bytes] = []
    async with reader(relayed) as kafka:
        kafka.assign(await partitions(kafka, relayed.name("complaints")))
        left = sum(await _ends(relayed))
        while len(records) < left:
            for found in (await kafka.getmany(timeout_ms=1000)).values():
                records += [(bare.name("complaints"), r.partition, r.key, r.value, list(r.headers)) for r in found]
    async with AIOKafkaProducer(
        bootstrap_servers=bare.bootstrap, enable_idempotence=True, linger_ms=2, max_batch_size=262_144
    ) as producer:
        began, used = time.perf_counter(), time.process_time()
        for first in range(0, len(records), 1000):
            sent = [
                await producer.send(topic, value, key=key, partition=partition, headers=headers)
                for topic, partition, key, value, headers in records[first : first + 1000]
            ]
            await asyncio.gather(*sent)
        return time.perf_counter() - began, time.process_time() - used
