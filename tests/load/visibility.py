"""How soon is an accepted complaint seen in the caseload, at a hundred a second, by somebody who looks from outside?"""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import psycopg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.cli.operations import database
from tests.load.client import Connection, connect, in_process, post
from tests.load.filling import request_body, stories
from tests.load.measuring import Figure, cpu_of, percentile
from tests.processes import Site
from tests.settling import Watch

RATE, FULL, SMALL = 100, 3_000, 50
CONNECTIONS, LOOK_EVERY, GIVE_UP = 32, 0.005, 120.0
HOP, HOP_BYTES = "bare-hop", 730
SEEN = "select case_id from caseload where case_id = any(%s) and reference is not null"


@dataclass
class Seen:
    """Seconds from answer to sight of each complaint, and between the looks of the observer."""

    delays: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    waiting: dict[UUID, float] = field(default_factory=dict)


def measure(site: Site, small: bool) -> list[Figure]:
    """Beside one bare hop through Kafka at the same rate; the way of a complaint has two, and two commits."""
    count, token = (SMALL if small else FULL), site.at.token("machine", "load")
    requests = [
        post("/api/v1/complaints", token, request_body(narrative, product, n), str(uuid4()))
        for n, (narrative, product) in enumerate(stories(count))
    ]
    with Watch(site.at) as watch, cpu_of(site) as used:
        seen = in_process(observe, site.ports["intake"], database(site.at, "cases"), requests)
        watch.settle()
    assert len(seen.delays) == count, f"{count - len(seen.delays)} were not seen"
    hops = in_process(hop, site.at.kafka, count)
    return [
        *(
            Figure(f"accepted until seen: {name}", percentile(seen.delays, share) * 1000, "ms",
                   percentile(hops, share) * 1000, "one hop through Kafka")
            for name, share in (("p50", 0.5), ("p99", 0.99))
        ),
        Figure("the observer looks every: p50", percentile(seen.gaps, 0.5) * 1000, "ms"),
        Figure("the observer looks every: p99", percentile(seen.gaps, 0.99) * 1000, "ms"),
        Figure(f"CPU of all services and servers per 1,000 at {RATE}/s", sum(used.values()) * 1000 / count, "s"),
    ]  # fmt: skip


def observe(port: int, cases: str, requests: list[bytes]) -> Seen:
    """In a process of its own: send at the rate, and look for what was accepted."""
    return asyncio.run(_observe(port, cases, requests))


async def _observe(port: int, cases: str, requests: list[bytes]) -> Seen:
    seen, free = Seen(), asyncio.Queue[Connection]()
    for _ in range(CONNECTIONS):
        free.put_nowait(await connect(port))
    looking = asyncio.create_task(_look(cases, seen, len(requests)))
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for n, request in enumerate(requests):
            await asyncio.sleep(max(0.0, began + n / RATE - time.perf_counter()))
            group.create_task(_send(free, request, seen))
    with suppress(TimeoutError):
        await asyncio.wait_for(looking, GIVE_UP)
    return seen


async def _send(free: asyncio.Queue[Connection], request: bytes, seen: Seen) -> None:
    connection = await free.get()
    answer = await connection.ask(request)
    free.put_nowait(connection)
    assert answer.status == 201, answer.body
    seen.waiting[UUID(answer.json()["id"])] = time.perf_counter()


async def _look(cases: str, seen: Seen, count: int) -> None:
    async with await psycopg.AsyncConnection.connect(cases, autocommit=True) as conn:
        last = time.perf_counter()
        while len(seen.delays) < count:
            rows = await (await conn.execute(SEEN, [list(seen.waiting)])).fetchall()
            now = time.perf_counter()
            seen.delays += [now - seen.waiting.pop(id_) for (id_,) in rows]
            seen.gaps.append(now - last)
            last = now
            await asyncio.sleep(LOOK_EVERY)


def hop(bootstrap: str, count: int) -> list[float]:
    """Seconds from `send` to the consumer's hands, of records as large as an event, at the same rate."""
    return asyncio.run(_hop(bootstrap, count))


async def _hop(bootstrap: str, count: int) -> list[float]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(HOP, 4, 1)])
    await admin.close()
    delays: list[float] = []
    async with (
        AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True) as producer,
        AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer,
    ):
        places = [TopicPartition(HOP, partition) for partition in range(4)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        for place in places:
            consumer.seek(place, ends[place])

        async def receive() -> None:
            while len(delays) < count:
                record = await consumer.getone()
                delays.append(time.perf_counter() - float(record.key))

        receiving, began = asyncio.create_task(receive()), time.perf_counter()
        for n in range(count):
            await asyncio.sleep(max(0.0, began + n / RATE - time.perf_counter()))
            await producer.send(HOP, b"x" * HOP_BYTES, key=repr(time.perf_counter()).encode())
        await asyncio.wait_for(receiving, 60)
    return delays
