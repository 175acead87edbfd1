"""A small service of the kit's own: one view over `cases`, on real servers."""

import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest_asyncio
from aiokafka import AIOKafkaConsumer

from shared.events import Provenance
from shared.events.cases import CaseReopened, NoteAdded
from shared.events.people import PersonIdentified
from shared.events.sealed import Sealed, plaintext
from shared.kafka.records import ConsumerRecord, read_all
from shared.kafka.topics import Cluster, create_topics
from shared.projections.view import Table, View
from shared.service.runtime import Runtime
from shared.service.settings import Settings
from tests.serving import MASTER, SECRET

BY = Provenance("test", datetime(2026, 3, 14, tzinfo=UTC))


@dataclass(slots=True)
class Story:
    case_id: UUID
    person_id: UUID | None = None
    reopened: int = 0
    last_reason: str | None = None
    note: str | None = None


def story_view(version: int = 1, weight: int = 1) -> View:
    """How often was a case reopened? Another `weight` is another fold."""
    table = Table("stories", Story, person="person_id", personal=["note"])

    @table.on(CaseReopened)
    def reopened(row: Story, event: CaseReopened) -> None:
        if event.reason == "impossible":
            raise ArithmeticError("a fold that fails")
        row.reopened += weight
        row.last_reason = event.reason

    @table.on(NoteAdded)
    def noted(row: Story, event: NoteAdded) -> None:
        row.person_id, row.note = event.text.person, plaintext(event.text)

    return View("stories", version, [table])


def reopening(case: UUID, version: int, reason: str = "again") -> CaseReopened:
    return CaseReopened(**BY.stamp(case, version), reason=reason)


def note(case: UUID, version: int, person: UUID, text: str) -> NoteAdded:
    return NoteAdded(**BY.stamp(case, version), note_id=uuid.uuid4(), text=Sealed(person, text))


def met(person: UUID) -> PersonIdentified:
    return PersonIdentified(**BY.stamp(person, 1), name=Sealed(person, "Name"), preferred_channel="email")


async def records(cluster: Cluster, topic: str, count: int) -> Sequence[ConsumerRecord]:
    """As a consumer hands them over, from the beginning; waits until there are as many."""
    found: list[Any] = []
    async with AIOKafkaConsumer(
        cluster.name(topic), bootstrap_servers=cluster.bootstrap, auto_offset_reset="earliest"
    ) as kafka:
        while len(found) < count:
            found += [record for some in (await kafka.getmany(timeout_ms=100)).values() for record in some]
    return read_all(found)


class Stories:
    """Starts and stops the service as often as a test wants, on the same database and topics."""

    def __init__(self, given: Settings) -> None:
        self.settings = given

    @asynccontextmanager
    async def running(self, view: View | None = None) -> AsyncIterator[Runtime]:
        runtime = Runtime("cases", self.settings, [view or story_view()])
        app = runtime.application("Stories")
        async with app.router.lifespan_context(app):
            yield runtime

    async def rows(self, runtime: Runtime) -> dict[UUID, tuple[int, str | None]]:
        async with runtime.pool.connection() as conn:
            found = await conn.execute("select case_id, reopened, last_reason from stories")
            return {row[0]: (row[1], row[2]) for row in await found.fetchall()}


@pytest_asyncio.fixture
async def stories(kafka: str, postgres: Callable[[str], str]) -> Stories:
    cluster = Cluster(kafka, f"t{uuid.uuid4().hex[:8]}-")
    await create_topics(cluster, partitions=2)
    return Stories(
        Settings(
            postgres=postgres("stories"), kafka=kafka, topic_prefix=cluster.prefix, master_key=MASTER.hex(),
            secret=SECRET,
        )
    )  # fmt: skip
