"""One history again, in the six databases and in Kafka, after either was lost: what both recovering commands do.

Until everything was found to fit, all is one open transaction per database: what is refused has written nothing.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
import psycopg
from aiokafka import AIOKafkaProducer

from deploy.cli.bus.kafka_log import compacted
from deploy.cli.operations import database
from deploy.cli.recovery import resumption, tombstones
from deploy.cli.recovery.chains import Refused
from deploy.installation import Installation
from deploy.services import SERVICES
from services.reporting.audit.findings import Verified
from services.reporting.audit.verify import verify
from shared.events import OWNERS
from shared.eventstore.relay import Relay
from shared.kafka.topics import ACCESS, Cluster
from shared.keys.keyring import Keyring
from shared.service.runtime import Runtime

Connection = psycopg.Connection[Any]
Connections = dict[str, Connection]
Say = Callable[[str, int, int | None], None]
"""The step under way, how much of it is done, and of how much."""
PATIENCE = 120.0
"""Seconds that a relay may stand still."""
LEFT = """
select relay_position.position, coalesce((select max(notification_id) from {}_events), 0),
  (select count(*) from key_changes where number > key_change) from relay_position
"""


class Running(Refused):
    """A service holds its relay's lock."""


@dataclass
class Recovery:
    """Of one installation, whose services are stopped and stay so until it is done."""

    at: Installation
    say: Say = lambda what, done, total: None
    databases: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.databases = {name: database(self.at, name) for name in SERVICES}

    async def gather_keys(self, conns: Connections, erased: Sequence[UUID] = ()) -> None:
        """In the callers' transactions: no key that was destroyed comes back, and all topics are read from the start.

        Positions say what was read before; the offsets of another log would not.
        """
        await tombstones.gather(conns, self.at.cluster, erased)
        for name, conn in conns.items():
            conn.execute("delete from key_offsets")
            conn.execute("update progress set next_offset = 0")
            if name != tombstones.OWNER:
                conn.execute("truncate keys")  # read from the topic again: a backup's may be wrapped by another master
        tombstones.check_master(conns[tombstones.OWNER], Keyring(self.at.masters()))

    async def finish(self) -> Verified:
        """Send what Kafka lacks, bring every policy and view up to it, and verify all; may be run again."""
        for name in sorted(SERVICES, key=lambda name: name != tombstones.OWNER):  # keys before what they open
            await self._send(name)
        for name in SERVICES:
            await self._resume(name)
        self.say("Verifying every record", 0, None)
        return await verify(self.at.cluster, {name: self.databases[name] for name in sorted(set(OWNERS.values()))})

    async def make_tables(self) -> None:
        for name in SERVICES:
            await resumption.make_tables(self._runtime(name))

    async def _send(self, name: str) -> None:
        """By the service's own relay, until nothing waits."""
        relay, moved, before = Relay(name, self.databases[name], self.at.cluster), time.monotonic(), None
        with psycopg.connect(self.databases[name], autocommit=True) as conn:
            relay.start()
            try:
                while now := _left(conn, name):
                    self.say(f"Sending {name}", now[0], now[1])
                    moved = time.monotonic() if now != before else moved
                    if time.monotonic() - moved > PATIENCE:
                        raise TimeoutError(f"Kafka has taken nothing from {name} for {PATIENCE:.0f} seconds.")
                    before = now
                    await asyncio.sleep(0.1)
            finally:
                await relay.stop()

    async def _resume(self, name: str) -> None:
        done = 0

        def advance(records: int) -> None:
            nonlocal done
            done += records
            self.say(f"Reading into {name}", done, None)

        advance(0)
        await resumption.resume(self._runtime(name), advance)

    def _runtime(self, name: str) -> Runtime:
        runtime: Runtime = SERVICES[name].build(self.at.settings(self.databases[name])).state.runtime
        return runtime


@contextmanager
def stopped(databases: Mapping[str, str]) -> Iterator[Connections]:
    """A transaction in each, committed one after the other at the end; raises `Running` where a service runs.

    The first of them is the keys' owner, which has gathered the keys that the others then let go.
    """
    with ExitStack() as stack:
        names = sorted(databases, key=lambda name: name == tombstones.OWNER)  # left in the opposite order
        conns = {name: stack.enter_context(psycopg.connect(databases[name])) for name in names}
        for name, conn in conns.items():
            free = conn.execute("select pg_try_advisory_lock(hashtext('recourse.relay'))").fetchone()
            if free != (True,):
                raise Running(f"{name} is running. Stop all six services first: nothing may be written meanwhile.")
        yield conns


async def put_access(cluster: Cluster, kept: Mapping[str, Any]) -> None:
    """Tokens and ended sessions, unless the topic has them."""
    if not kept or await compacted(cluster, ACCESS):
        return
    async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap, enable_idempotence=True) as producer:
        for key, value in kept.items():
            await producer.send(cluster.name(ACCESS), orjson.dumps(value), key.encode(), partition=0)
        await producer.flush()


def _left(conn: Connection, name: str) -> tuple[int, int] | None:
    """Position and highest position while anything waits."""
    row = conn.execute(LEFT.format(name)).fetchone()
    assert row is not None
    position, highest, keys = row
    return (position, highest) if position < highest or keys else None
