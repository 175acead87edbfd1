"""A key that no master opens is waited for, not taken for a destroyed one; a destroyed one leaves the topic's disk."""

import asyncio
import os
import secrets
import signal
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from psycopg_pool import AsyncConnectionPool

from deploy.cli.keys.key_topic import TopicKeys
from deploy.embedded.databases import create_database
from deploy.embedded.kafka import start_kafka
from deploy.embedded.postgres import start_postgres
from shared.events import people
from shared.eventstore import relay
from shared.eventstore.store import Store
from shared.kafka.topics import PEOPLE_KEYS, Cluster, create_topics
from shared.keys.compaction import KeyCompaction
from shared.keys.follower import KeyFollower
from shared.keys.keyring import INTRODUCE, SCHEMA, Keyring
from shared.keys.master_keys import Masters, WrongMasterKey
from shared.postgres.purge import rewrite, waiting
from shared.service.runtime import _unhurried
from shared.supervision import finish
from tests.privacy.files import holding
from tests.serving import until

OLD, NEW = bytes([1] * 32), bytes([2] * 32)


@asynccontextmanager
async def following(url: str, cluster: Cluster, masters: Masters, service: str = "cases") -> AsyncIterator[KeyFollower]:
    with psycopg.connect(url) as conn:
        conn.execute(SCHEMA)
    pool = AsyncConnectionPool(url, min_size=1, open=False, kwargs={"autocommit": True}, configure=_unhurried)
    async with pool:
        follower = KeyFollower(cluster, pool, Keyring(masters), service)
        await follower.start()
        yield follower
        await follower.stop()


async def send(cluster: Cluster, person: UUID, value: bytes | None) -> None:
    async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap) as kafka:
        await kafka.send_and_wait(cluster.name(PEOPLE_KEYS), value, str(person).encode(), partition=0)


@pytest_asyncio.fixture
async def cluster(kafka: str) -> Cluster:
    made = Cluster(kafka, f"t{uuid.uuid4().hex[:8]}-")
    await create_topics(made)
    return made


async def test_a_key_of_another_master_is_waited_for_and_read_when_it_is_given(
    cluster: Cluster, postgres: Callable[[str], str], tmp_path: Path
) -> None:
    url, file, person, later = postgres("follower"), tmp_path / "master-key", uuid4(), uuid4()
    file.write_text(NEW.hex())
    await send(cluster, person, Keyring(OLD).create(person))
    await send(cluster, later, Keyring(NEW).create(later))
    async with following(url, cluster, Masters(file=file)) as follower:
        assert await follower.fetch({later}) == set(), "those behind it are read"
        with pytest.raises(WrongMasterKey):
            await follower.fetch({person})
        assert follower.trouble and str(person) not in follower.trouble
    async with following(url, cluster, Masters(file=file)) as follower:
        with pytest.raises(WrongMasterKey):
            await follower.fetch({person})
        file.write_text(f"{NEW.hex()}\n{OLD.hex()}")

        async def well() -> bool:
            return follower.trouble is None

        await until(well, 60)
        assert await follower.fetch({person}) == set()
    with psycopg.connect(url) as conn:
        rows: dict[UUID, bytes] = dict(conn.execute("select person_id, wrapped from keys").fetchall())
    assert Masters(NEW).unwrap(person, bytes(rows[person])), "it is kept under the master that wraps"


async def test_what_is_destroyed_or_replaced_is_no_trouble(cluster: Cluster, postgres: Callable[[str], str]) -> None:
    gone, replaced = uuid4(), uuid4()
    for person in (gone, replaced):
        await send(cluster, person, Keyring(OLD).create(person))
    await send(cluster, gone, None)
    await send(cluster, replaced, Keyring(NEW).create(replaced))
    await send(cluster, uuid4(), None)
    async with following(postgres("follower"), cluster, Masters(NEW)) as follower:
        assert await follower.fetch({gone, replaced}) == {gone}
        assert follower.trouble is None


async def test_a_strangers_record_hides_no_key_and_no_destroyed_one(
    cluster: Cluster, postgres: Callable[[str], str]
) -> None:
    gone, later = uuid4(), uuid4()
    async with following(postgres("follower"), cluster, Masters(OLD)) as follower:
        await send(cluster, gone, Keyring(OLD).create(gone))
        assert await follower.fetch({gone}) == set()
        async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap) as kafka:
            topic = cluster.name(PEOPLE_KEYS)
            for key, value in (
                (b"no id", b"x"), (b"\xff", b"x"), (str(gone).encode(), None),
                (str(later).encode(), Keyring(OLD).create(later)),
            ):  # fmt: skip
                await kafka.send(topic, value, key, partition=0)
        await follower.catch_up()
        assert await follower.fetch({gone, later}) == {gone}
        assert follower.trouble is None


async def test_a_table_is_written_anew_for_what_left_it_and_not_for_a_tombstone_that_comes_again(
    cluster: Cluster, postgres: Callable[[str], str]
) -> None:
    url, gone = postgres("follower"), uuid4()
    async with (
        following(url, cluster, Masters(OLD)) as follower,
        await psycopg.AsyncConnection.connect(url, autocommit=True) as conn,
    ):
        await send(cluster, gone, Keyring(OLD).create(gone))
        assert await follower.fetch({gone}) == set()
        for noted in (("keys",), ()):
            await send(cluster, gone, None)
            await follower.catch_up()
            assert await waiting(conn) == noted
            await rewrite(conn)


async def test_two_processes_that_take_the_same_keys_do_not_lock_each_other_out(
    cluster: Cluster, postgres: Callable[[str], str]
) -> None:
    """They read the partitions in any order, and so come upon the same rows in any."""
    url, first = postgres("follower"), {uuid4(): secrets.token_bytes(64) for _ in range(3_000)}
    second, places = dict(reversed(first.items())), range(8)
    async with following(url, cluster, Masters(OLD)) as one, following(url, cluster, Masters(OLD)) as other:
        for _ in range(5):
            await asyncio.gather(
                one._keep(first, dict.fromkeys(places, 1)),
                other._keep(second, dict.fromkeys(reversed(places), 1)),
            )


async def test_a_key_that_is_destroyed_while_the_table_is_read_stays_destroyed() -> None:
    person, keyring = uuid4(), Keyring(OLD)
    wrapped = keyring.create(person)
    keyring.forget(person)
    keyring.learn(person, wrapped)
    assert keyring.absent([person]) == {person}
    other = uuid4()
    keyring.give_up([other])
    keyring.learn(other, Keyring(OLD).create(other))
    assert keyring.absent([other]) == set()


async def test_a_database_that_is_killed_forgets_no_key_and_no_destroyed_one(cluster: Cluster) -> None:
    """Nothing is read again for them: what this process has taken is behind it."""
    first, second, gone = uuid4(), uuid4(), uuid4()
    with tempfile.TemporaryDirectory(prefix="follower-", ignore_cleanup_errors=True) as folder:
        slow = {"wal_writer_delay": "10s"}
        server = await asyncio.to_thread(start_postgres, Path(folder), slow)
        url = create_database(server.url(), "follower")
        try:
            await send(cluster, gone, Keyring(OLD).create(gone))
            async with following(url, cluster, Masters(OLD)) as follower:
                assert await follower.fetch({gone}) == set()
                await send(cluster, first, Keyring(OLD).create(first))
                await send(cluster, gone, None)
                await follower.catch_up()
                os.kill(server.pid, signal.SIGQUIT)
                await asyncio.to_thread(server.stop)
                server = await asyncio.to_thread(start_postgres, Path(folder), slow)
                await send(cluster, second, Keyring(OLD).create(second))

                async def connected() -> bool:
                    with suppress(psycopg.OperationalError):
                        return await follower.fetch({second}) == set()
                    return False

                await until(connected)
            async with following(url, cluster, Masters(OLD)) as follower:
                assert await follower.fetch({first, second, gone}) == {gone}
        finally:
            await asyncio.to_thread(server.stop)


async def test_a_key_that_is_sent_after_it_was_destroyed_is_destroyed_again(
    cluster: Cluster, postgres: Callable[[str], str]
) -> None:
    """By a relay that stood still between reading and sending, and that is not the one any more."""
    url, person, keyring = postgres("destroyed"), uuid4(), Keyring(OLD)
    wrapped = keyring.create(person)
    store = await asyncio.to_thread(Store, "intake", url, keyring)
    with psycopg.connect(url) as conn:
        conn.execute(relay.SCHEMA)
        conn.execute(INTRODUCE, [[person], [wrapped]])
    sender = relay.Relay("intake", url, cluster)
    sender.start()
    async with following(url, cluster, Masters(OLD), "intake"), TopicKeys(cluster) as topic:

        async def destroyed() -> bool:
            await topic.read()
            return topic.masters.get(person, "never sent") is None

        try:
            erased = people.PersonErased(
                originator_id=person, originator_version=1, recorded_at=datetime.now(UTC), actor="system", reason="GDPR"
            )
            await asyncio.to_thread(store.put, [erased])
            await until(destroyed)
            before = topic.older[person]
            await send(cluster, person, wrapped)

            async def destroyed_again() -> bool:
                return await destroyed() and topic.older[person] > before

            await until(destroyed_again)
        finally:
            await sender.stop()
            await asyncio.to_thread(store.close)


async def test_of_two_processes_one_nudges_and_so_it_ends(kafka: str, postgres: Callable[[str], str]) -> None:
    """Each would take what the other sends for news."""
    cluster, url = Cluster(kafka, f"t{secrets.token_hex(4)}-"), postgres("compaction")
    await create_topics(cluster, partitions=1)
    await send(cluster, uuid4(), secrets.token_bytes(64))
    place = TopicPartition(cluster.name(PEOPLE_KEYS), 0)
    nudging = [asyncio.create_task(KeyCompaction(cluster, url, 0.2).run()) for _ in range(2)]
    async with AIOKafkaConsumer(bootstrap_servers=kafka) as log:

        async def end() -> int:
            return int((await log.end_offsets([place]))[place])

        async def nudged() -> bool:
            return await end() >= 3

        await until(nudged)
        await asyncio.sleep(2)
        assert await end() == 3
    for task in nudging:
        await finish(task)


async def test_a_destroyed_key_leaves_the_disk_while_nothing_else_is_written(
    tmp_path: Path, postgres: Callable[[str], str]
) -> None:
    broker = await asyncio.to_thread(start_kafka, tmp_path)
    try:
        cluster, person, wrapped = Cluster(broker.bootstrap), uuid4(), secrets.token_bytes(64)
        await create_topics(cluster)
        await send(cluster, person, wrapped)
        await send(cluster, person, None)
        assert holding(tmp_path / "kafka", [wrapped])
        nudging = asyncio.create_task(KeyCompaction(cluster, postgres("compaction")).run())

        async def gone() -> bool:
            await asyncio.sleep(2)
            return not await asyncio.to_thread(holding, tmp_path / "kafka", [wrapped])

        await until(gone, 600)
        nudging.cancel()
    finally:
        await asyncio.to_thread(broker.stop)
