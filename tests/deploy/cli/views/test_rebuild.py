"""`recourse rebuild` over a log in which a record was changed or taken out: a sentence, and no new view."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from deploy.cli.bus.kafka_log import delete_topics
from deploy.embedded.databases import create_database
from services.cases.app import build
from services.cases.caseload.view import caseload
from shared.kafka.records import read
from shared.kafka.topics import Cluster, create_topics
from tests.scenarios.reporting import classified, closed, opened
from tests.serving import MASTER, SECRET, serve, settings
from tests.shared.conftest import records

EVENTS = 32


@dataclass
class Place:
    """A database and a log that a service has read to its end, and that stand still."""

    cluster: Cluster
    url: str

    async def rebuild(self, *words: str) -> tuple[int, str]:
        """As an operator runs it: the status, and what is said."""
        given = {
            "RECOURSE_KAFKA": self.cluster.bootstrap, "RECOURSE_TOPIC_PREFIX": self.cluster.prefix,
            "RECOURSE_POSTGRES": self.url, "RECOURSE_SECRET": SECRET, "RECOURSE_MASTER_KEY": MASTER.hex(),
            "COLUMNS": "300",
        }  # fmt: skip
        run = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "deploy", "rebuild", "cases.caseload", *words, env=os.environ | given,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await run.communicate()
        assert run.returncode is not None
        return run.returncode, said.decode()

    async def generation(self) -> Any:
        url = create_database(self.url, "recourse_cases")
        async with await psycopg.AsyncConnection.connect(url) as conn:
            return await (await conn.execute("select generation from views where name = 'caseload'")).fetchone()


@pytest_asyncio.fixture
async def place(kafka: str, postgres_server: str) -> AsyncIterator[Place]:
    given = await settings(kafka, create_database(postgres_server, "recourse_cases"))
    async with serve(build, given) as cases:
        events = [[*opened(number), classified(number, 3, 1, "Loan"), closed(number, 4, 2)] for number in range(1, 9)]
        for one in await cases.runtime.commits.save([event for story in events for event in story]):
            await cases.runtime.positions.wait(caseload, await cases.runtime.positions.token([one]), 60)
    yield Place(given.cluster, postgres_server)
    with psycopg.connect(postgres_server, autocommit=True) as conn:
        conn.execute("drop database recourse_cases with (force)")


async def written_anew(cluster: Cluster, change: Callable[[list[Any]], list[Any]]) -> None:
    """The topic as it was, but for what somebody has done to each partition of it."""
    kept = await records(cluster, "cases", EVENTS)
    await delete_topics(cluster, ["cases"])
    await create_topics(cluster)
    async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap) as producer:
        for partition in {one.partition for one in kept}:
            for one in change([one for one in kept if one.partition == partition]):
                await producer.send_and_wait(
                    cluster.name("cases"), one.value, one.key, partition=partition, headers=list(one.headers)
                )


def changed(rows: list[Any]) -> list[Any]:
    return [one._replace(value=one.value.replace(b"Mortgage", b"Mortgages")) for one in rows]


def taken_out(rows: list[Any]) -> list[Any]:
    """With another in its place, so that the log is as long as it was."""
    return [rows[0], *rows[2:], rows[-1]]


@pytest.mark.parametrize("words", [(), ("--verify",)])
@pytest.mark.parametrize(
    ("change", "why"), [(changed, "has not the chain value that follows"), (taken_out, "came before it")]
)
async def test_a_log_with_a_gap_builds_no_view(
    place: Place, words: tuple[str, ...], change: Callable[[list[Any]], list[Any]], why: str
) -> None:
    status, said = await place.rebuild("--verify")
    assert status == 0, said
    await written_anew(place.cluster, change)
    before = await place.generation()
    status, said = await place.rebuild(*words)
    assert (status, "Traceback" in said, why in said) == (1, False, True), said
    assert "Run `recourse audit verify`" in said
    assert await place.generation() == before


@pytest.mark.parametrize("words", [(), ("--verify",)])
async def test_a_view_that_cannot_read_on_is_built_and_told(place: Place, words: tuple[str, ...]) -> None:
    """Up to where it stands it is whole; to say no more would let the operator think that all is well."""
    last = read((await records(place.cluster, "cases", EVENTS))[-1])
    topic = place.cluster.name("cases")
    headers = dict(last.headers)
    behind = headers | {"ce_previous": b"%d" % (last.position + 4), "ce_position": b"%d" % (last.position + 5)}
    async with AIOKafkaProducer(bootstrap_servers=place.cluster.bootstrap) as producer:
        await producer.send_and_wait(topic, b"a stranger's", b"k", partition=last.partition)
        status, said = await place.rebuild(*words)
        assert (status, "gap" in said) == (0, False), said
        await producer.send_and_wait(
            topic, last.value, last.key, partition=last.partition, headers=list(behind.items())
        )
    status, said = await place.rebuild(*words)
    assert (status, "yes" in said) == (1, True), said
    assert f"cases.caseload is built up to where the log has a gap. {topic}/{last.partition}: the record after" in said
