"""An installation that can be filled, stopped, wiped and started again, on databases and topics of its own."""

import asyncio
import secrets
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from deploy.cli.bus.kafka_log import delete_topics, partition_counts, places, whole
from deploy.cli.operations import database
from deploy.installation import Installation
from deploy.services import SERVICES
from services.reporting.audit.verify import verify
from shared.events import OWNERS
from shared.kafka.topics import ACCESS, PEOPLE_KEYS, create_topics, partition_of
from tests.serving import PLAIN, until
from tests.settling import Watch
from tests.system.conftest import free_port, served

PARTITIONS = 3
Tables = dict[str, list[tuple[Any, ...]]]


@dataclass
class Site:
    """Stopped until `running`."""

    at: Installation

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Site"]:
        """All six services behind one port; left when they have taken in all there is."""
        await create_topics(self.at.cluster, partitions=PARTITIONS)
        apps = {n: s.build(self.at.settings(database(self.at, n))) for n, s in SERVICES.items()}
        port = int(self.at.url.rpartition(":")[2])
        async with served(apps, port):
            yield self

    def client(self, role: str = "admin") -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.at.token(role, 'tests')}"}
        return httpx.AsyncClient(base_url=self.at.url, headers=headers, timeout=60, verify=PLAIN)

    async def complain(self, narrative: str = "I am furious. This is the worst bank.", email: str = "") -> str:
        """Answers the complaint's id."""
        person = {"name": "Ada", "email": email or f"{secrets.token_hex(4)}@example.org"}
        body = {"narrative": narrative, "product": "Credit card", "person": person}
        async with self.client() as client:
            made = await client.post("/api/v1/complaints", json=body, headers={"Idempotency-Key": secrets.token_hex(8)})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def person_of(self, complaint: str) -> str:
        async def look() -> Any:
            async with self.client() as client:
                answer = await client.get(f"/api/v1/cases/{complaint}")
            return answer.json() if answer.status_code == 200 else None

        return str((await until(look, 120))["person_id"])

    async def complain_into_all(self) -> int:
        """Until every partition has had a complaint and its case; answers how many that were."""
        left, made = set(range(PARTITIONS)), 0
        while left:
            complaint = await self.complain()
            await self.person_of(complaint)
            left.discard(partition_of(complaint.encode(), PARTITIONS))
            made += 1
        return made

    async def erase(self, person: str) -> None:
        body = {"reason": "GDPR Article 17", "override_hold": "Only a test."}
        async with self.client("compliance") as client:
            done = await client.post(f"/api/v1/people/{person}/erasure", json=body)
        assert done.status_code == 200, done.text

    async def settled(self, seconds: float = 180) -> None:
        """Every event is in Kafka, every view and policy has read it, and what they made of it too; mail is out."""
        mail = "select 1 from outgoing where state = 'waiting' and attempts = 0"
        with Watch(self.at) as watch:

            async def quiet() -> bool:
                behind = await asyncio.to_thread(watch.behind, time.monotonic(), SERVICES)
                return not behind and not self.rows("intake", mail)

            await until(quiet, seconds)

    def rows(self, service: str, query: Any, values: Any = None) -> list[tuple[Any, ...]]:
        with psycopg.connect(database(self.at, service)) as conn:
            return conn.execute(query, values).fetchall()

    def events(self, service: str) -> list[tuple[Any, ...]]:
        table = Identifier(f"{service}_events")
        return self.rows(
            service, SQL("select notification_id, originator_id, originator_version, topic, state, trace from {}"
                         " order by notification_id").format(table),
        )  # fmt: skip

    def all_events(self) -> Tables:
        return {name: self.events(name) for name in SERVICES}

    def all_views(self) -> Tables:
        """Every row of every view, by `service.table`."""
        return {
            f"{name}.{table.name}": self.rows(
                name, SQL("select {} from {} order by {}").format(
                    SQL(", ").join(map(Identifier, table.columns)), Identifier(table.name), Identifier(table.key)),
            )
            for name, service in SERVICES.items() for view in service.views for table in view.tables
        }  # fmt: skip

    async def keys(self) -> dict[str, bytes | None]:
        """The last word on each person's key; records without a key only keep compaction going."""
        found: dict[str, bytes | None] = {}
        async for batch in whole(self.at.cluster, PEOPLE_KEYS):
            found |= {record.key.decode(): record.value for record in batch if record.key}
        return found

    async def held_keys(self, person: str) -> int:
        """In how many services the person's key still is."""
        query = "select 1 from keys where person_id = %s and wrapped is not null"
        return sum(len(self.rows(name, query, [person])) for name in SERVICES)

    async def holding(self, word: str) -> list[str]:
        """Every view that has the word in plain text."""
        return [name for name, rows in self.all_views().items() if word in str(rows)]

    async def verified(self, added: int = 0) -> None:
        """Nothing is wrong but what strangers `added`."""
        found = await verify(self.at.cluster, {name: database(self.at, name) for name in set(OWNERS.values())})
        assert [finding.kind for finding in found.findings] == ["added"] * added

    async def until_sent(self) -> None:
        async def sent() -> bool:
            found = [
                self.rows(name, SQL("select max(notification_id) from {}").format(Identifier(f"{name}_events")))
                == self.rows(name, "select position from relay_position")
                for name in ("intake", "cases")
            ]
            return all(found)

        await asyncio.sleep(5)
        await until(sent, 120)

    def mail(self) -> list[str]:
        return [row[0] for row in self.rows("intake", "select mail_id from mailbox order by arrived_at")]

    async def log(self) -> dict[tuple[str, int], list[Any]]:
        """Every record of every topic of events: key, value, headers."""
        found: dict[tuple[str, int], list[Any]] = {place: [] for place in await places(self.at.cluster, OWNERS)}
        async for batch in whole(self.at.cluster, *OWNERS):
            for record in batch:
                found[record.topic, record.partition].append((record.key, record.value, tuple(record.headers)))
        return found

    def lose_databases(self) -> None:
        with psycopg.connect(self.at.postgres, autocommit=True) as server:
            for name in SERVICES:
                server.execute(SQL("drop database if exists {} with (force)").format(Identifier(f"recourse_{name}")))

    async def lose_kafka(self) -> None:
        await delete_topics(self.at.cluster, [*await partition_counts(self.at.cluster), ACCESS])


@pytest.fixture
def site(kafka: str, postgres_server: str) -> Iterator[Site]:
    made = Site(
        Installation(
            url=f"http://127.0.0.1:{free_port()}", kafka=kafka, postgres=postgres_server, secret="only here",
            master_key=bytes(range(32)).hex(), topic_prefix=f"b{uuid.uuid4().hex[:6]}-",
            smtp=f"127.0.0.1:{free_port()}", embedded=True,
        )
    )  # fmt: skip
    made.lose_databases()
    yield made
    made.lose_databases()


def silent(what: str, done: int, total: int | None) -> None:
    """No bar."""
