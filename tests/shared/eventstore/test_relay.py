"""What is stored is sent once per position, in order, whatever dies in between."""

import asyncio
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.eventstore.relay import Relay
from shared.kafka.records import FIRST_CHAIN, Record, chain, read
from shared.service.runtime import Runtime
from tests.serving import until
from tests.shared.conftest import Stories, met, reopening, story_view


async def sent(stories: Stories, topic: str = "cases") -> list[Record]:
    """Everything on the topic, as a stranger reads it."""
    cluster = stories.settings.cluster
    async with AIOKafkaConsumer(bootstrap_servers=cluster.bootstrap, auto_offset_reset="earliest") as kafka:
        partitions = [TopicPartition(cluster.name(topic), p) for p in range(2)]
        kafka.assign(partitions)
        ends = await kafka.end_offsets(partitions)
        found: list[Record] = []
        while any([await kafka.position(p) < ends[p] for p in partitions]):
            batch = await kafka.getmany(timeout_ms=200)
            found += [read(record) for records in batch.values() for record in records]
    return found


async def relayed(runtime: Runtime) -> bool:
    async with runtime.pool.connection() as conn:
        found = await conn.execute(
            "select (select position from relay_position) = (select max(notification_id) from cases_events)"
        )
        row = await found.fetchone()
        return bool(row and row[0])


async def test_the_stored_bytes_are_sent_chained_and_in_order(stories: Stories) -> None:
    async with stories.running() as runtime:
        cases = [uuid4() for _ in range(5)]
        for version in range(1, 4):
            await runtime.commits.save([reopening(case, version, f"reason {version}") for case in cases])
        await until(lambda: relayed(runtime))
        found = await sent(stories)
        async with runtime.pool.connection() as conn:
            stored = await conn.execute("select notification_id, state from cases_events order by 1")
            values = {row[0]: bytes(row[1]) for row in await stored.fetchall()}
    assert {record.position: record.value for record in found} == values
    for partition in range(2):
        position, link = 0, FIRST_CHAIN
        for record in (r for r in found if r.partition == partition):
            link = chain(link, record.position, record.name, record.value)
            assert (record.previous, record.chain) == (position, link)
            position = record.position


async def test_a_crash_before_the_position_is_recorded_sends_the_same_again(
    stories: Stories, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = uuid4()
    record = Relay._record

    async def dies(*_: Any) -> None:
        raise psycopg.OperationalError("the relay was killed")

    monkeypatch.setattr(Relay, "_record", dies)
    async with stories.running() as runtime:
        await runtime.commits.save([reopening(case, 1)])

        async def twice() -> bool:
            return len(await sent(stories)) >= 2

        await until(twice)
        monkeypatch.setattr(Relay, "_record", record)
        await until(lambda: relayed(runtime))
        found = await sent(stories)
        assert len({(r.position, r.value, r.chain) for r in found}) == 1
        await runtime.commits.save([reopening(case, 2)])

        async def seen() -> bool:
            return (await stories.rows(runtime)).get(case) == (2, "again")

        await until(seen)


async def test_a_key_is_sent_before_the_event_that_needs_it(stories: Stories, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is saved while the relay looks for keys has a key that this look has missed."""
    sent_to: list[str] = []
    ours = stories.settings.cluster.prefix
    look, send, send_batch = Relay._send_keys, AIOKafkaProducer.send, AIOKafkaProducer.send_batch

    def note(topic: str) -> None:
        if topic.startswith(ours):  # services of other tests may run in this process too
            sent_to.append(topic.removeprefix(ours))

    async def noted(producer: AIOKafkaProducer, topic: str, *args: Any, **more: Any) -> Any:
        note(topic)
        return await send(producer, topic, *args, **more)  # type: ignore[no-untyped-call]

    async def noted_batch(producer: AIOKafkaProducer, batch: Any, topic: str, **more: Any) -> Any:
        note(topic)
        return await send_batch(producer, batch, topic, **more)  # type: ignore[no-untyped-call]

    async with stories.running() as runtime:
        saved: list[Any] = []

        async def overtaken(relay: Relay, *args: Any) -> int:
            number = await look(relay, *args)
            if not saved:
                saved.extend(await runtime.commits.save([met(uuid4())]))
            return number

        monkeypatch.setattr(AIOKafkaProducer, "send", noted)
        monkeypatch.setattr(AIOKafkaProducer, "send_batch", noted_batch)
        monkeypatch.setattr(Relay, "_send_keys", overtaken)

        async def sent_at_last() -> bool:
            return "people" in sent_to

        await until(sent_at_last)
    assert sent_to[0] == "people-keys"


async def test_two_relays_send_each_position_once(stories: Stories) -> None:
    async with stories.running() as runtime:
        second = Relay("cases", stories.settings.postgres, stories.settings.cluster)
        second.start()
        await asyncio.gather(*[runtime.commits.save([reopening(uuid4(), 1)]) for _ in range(20)])
        await until(lambda: relayed(runtime))
        await second.stop()
        positions = [record.position for record in await sent(stories)]
    assert sorted(positions) == sorted(set(positions))
    assert len(positions) == 20


async def test_an_event_whose_notify_is_lost_is_sent_all_the_same(stories: Stories) -> None:
    async with stories.running() as runtime:
        await runtime.commits.save([reopening(uuid4(), 1)])
        await until(lambda: relayed(runtime))
        async with runtime.pool.connection() as conn:
            await conn.execute(
                "insert into cases_events (originator_id, originator_version, topic, state)"
                " select gen_random_uuid(), 1, topic, state from cases_events limit 1"
            )
        await until(lambda: relayed(runtime))
        assert len(await sent(stories)) == 2


def test_the_view_of_these_tests_reads_what_they_send() -> None:
    assert story_view().topics == ("cases", "people")
