"""People's keys when a log or a database was lost: none is lost with them, and no stranger holds that up."""

import uuid
from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest
from aiokafka import AIOKafkaProducer

from deploy.cli.keys.key_topic import TopicKeys
from deploy.cli.recovery import tombstones
from deploy.cli.recovery.recovery import stopped
from deploy.services import SERVICES
from shared.kafka.topics import PEOPLE_KEYS, Cluster, create_topics
from shared.keys import keyring

PERSON, WRAPPED = UUID(int=1), b"x" * 64


@pytest.fixture
async def cluster(kafka: str) -> Cluster:
    made = Cluster(kafka, f"t{uuid.uuid4().hex[:8]}-")
    await create_topics(made, partitions=2)
    return made


@pytest.fixture
def databases(postgres: Callable[[str], str]) -> dict[str, str]:
    made = {name: postgres(name) for name in SERVICES}
    for url in made.values():
        with psycopg.connect(url) as conn:
            conn.execute(keyring.SCHEMA)
            conn.execute("create table intake_events (originator_id uuid, topic text)")
    return made


def held(url: str) -> list[tuple[UUID, bytes]]:
    with psycopg.connect(url) as conn:
        return conn.execute("select person_id, wrapped from keys").fetchall()


async def test_no_key_is_let_go_before_the_owner_has_it(cluster: Cluster, databases: dict[str, str]) -> None:
    with psycopg.connect(databases["cases"]) as conn:
        conn.execute("insert into keys values (%s, %s)", [PERSON, WRAPPED])
    with pytest.raises(psycopg.OperationalError), stopped(databases) as conns:
        await tombstones.gather(conns, cluster, [])
        conns["cases"].execute("truncate keys")
        with psycopg.connect(databases["intake"], autocommit=True) as other:
            other.execute("select pg_terminate_backend(%s)", [conns["intake"].info.backend_pid])
    assert held(databases["cases"]) == [(PERSON, WRAPPED)]


async def test_a_strangers_record_among_the_keys_is_passed_over(cluster: Cluster, databases: dict[str, str]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap) as producer:
        for key in (b"a stranger", b"\xff", str(PERSON).encode()):
            await producer.send_and_wait(cluster.name(PEOPLE_KEYS), WRAPPED, key)
    async with TopicKeys(cluster) as topic:
        assert await topic.read() == {PERSON}
        assert topic.strangers == 2
    with stopped(databases) as conns:
        await tombstones.gather(conns, cluster, [])
    assert held(databases["intake"]) == [(PERSON, WRAPPED)]
