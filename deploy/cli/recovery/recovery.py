"""One history again, in the six databases and in Kafka, after either was lost: what both recovering commands do.

Until everything was found to fit, all is one open transaction per database: what is refused has written nothing.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID

import orjson
import psycopg
from aiokafka import AIOKafkaProducer

from deploy.cli.bus.kafka_log import compacted
from deploy.cli.console import Refused, Say
from deploy.cli.operations import databases, runtime_of
from deploy.cli.recovery import resumption, tombstones
from deploy.installation import Installation
from deploy.services import SERVICES
from services.reporting.audit.findings import Verified
from services.reporting.audit.verify import verify
from shared.eventstore.relay import Relay
from shared.kafka.topics import ACCESS, Cluster
from shared.keys.keyring import Keyring

Connections = dict[str, psycopg.Connection[Any]]
PATIENCE = 120.0
"""Seconds that a relay may stand still."""
OWNER_FIRST = sorted(SERVICES, key=lambda name: name != tombstones.OWNER)
LEFT = """
select relay_position.position, coalesce((select max(notification_id) from {}_events), 0),
  (select count(*) from key_changes where number > key_change) from relay_position
"""


async def gather_keys(at: Installation, conns: Connections, erased: Sequence[UUID] = ()) -> None:
    """In the callers' transactions: no key that was destroyed comes back, and all topics are read from the start.

    Positions say what was read before; the offsets of another log would not.
    """
    await tombstones.gather(conns, at.cluster, erased)
    for name, conn in conns.items():
        conn.execute("delete from key_offsets")
        conn.execute("update progress set next_offset = 0")
        if name != tombstones.OWNER:
            conn.execute("truncate keys")  # read from the topic again: a backup's may be wrapped by another master
    tombstones.check_master(conns[tombstones.OWNER], Keyring(at.masters()))


async def finish(at: Installation, say: Say) -> Verified:
    """Send what Kafka lacks, bring every policy and view up to it, and verify all; may be run again."""
    urls = databases(at)
    for name in OWNER_FIRST:  # keys before what they open
        await _send(name, urls[name], at.cluster, say)
    for name in SERVICES:
        await resumption.resume(runtime_of(at, name), say)
    say("Verifying every record", 0, None)
    return await verify(at.cluster, urls)


async def _send(name: str, url: str, cluster: Cluster, say: Say) -> None:
    """By the service's own relay, until nothing waits."""
    relay, moved, before = Relay(name, url, cluster), time.monotonic(), None
    with psycopg.connect(url, autocommit=True) as conn:
        relay.start()
        try:
            while now := _left(conn, name):
                say(f"Sending {name}", *now)
                moved = time.monotonic() if now != before else moved
                if time.monotonic() - moved > PATIENCE:
                    raise Refused(f"Kafka has taken nothing from {name} for {PATIENCE:.0f} seconds.")
                before = now
                await asyncio.sleep(0.1)
        finally:
            await relay.stop()


def _left(conn: psycopg.Connection[Any], name: str) -> tuple[int, int] | None:
    """Position and highest position while anything waits."""
    ((position, highest, keys),) = conn.execute(LEFT.format(name))
    return (position, highest) if position < highest or keys else None


@contextmanager
def stopped(urls: Mapping[str, str]) -> Iterator[Connections]:
    """A transaction in each database, committed one after the other at the end; raises `Refused` where a service runs.

    The first of them is the keys' owner, which has gathered the keys that the others then let go.
    """
    with ExitStack() as stack:  # left in the opposite order
        conns = {name: stack.enter_context(psycopg.connect(urls[name])) for name in reversed(OWNER_FIRST)}
        for name, conn in conns.items():
            if conn.execute("select pg_try_advisory_lock(hashtext('recourse.relay'))").fetchone() != (True,):
                raise Refused(f"{name} is running. Stop all six services first: nothing may be written meanwhile.")
        yield conns


async def put_access(cluster: Cluster, kept: Mapping[str, Any]) -> None:
    """Tokens and ended sessions, unless the topic has them."""
    if not kept or await compacted(cluster, ACCESS):
        return
    async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap, enable_idempotence=True) as producer:
        for key, value in kept.items():
            await producer.send(cluster.name(ACCESS), orjson.dumps(value), key.encode(), partition=0)
        await producer.flush()
