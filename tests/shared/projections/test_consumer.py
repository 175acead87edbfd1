"""A view takes each record in once; poison is set aside, a gap stops it and says so."""

import asyncio
import os
from collections.abc import Callable
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.events.people import PersonErased
from shared.kafka.dead_letters import dead_letters
from shared.kafka.topics import partition_of
from shared.problems import PersonWasErased
from shared.projections.rebuild import rebuild
from shared.service.runtime import Runtime
from tests.serving import until
from tests.shared.conftest import BY, Stories, met, note, records, reopening


async def test_what_a_stranger_sends_is_set_aside_and_the_rest_goes_on(stories: Stories) -> None:
    case = uuid4()
    async with stories.running() as runtime:
        cluster = stories.settings.cluster
        async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap) as producer:
            for partition in (0, 1):
                await producer.send_and_wait(cluster.name("cases"), b"{", key=b"k", partition=partition)
        await runtime.commits.save([reopening(case, 1)])

        async def seen() -> bool:
            return case in await stories.rows(runtime) and len(await dead_letters(stories.settings.cluster)) == 2

        await until(seen)
        letters = await dead_letters(stories.settings.cluster)
    assert {letter.group for letter in letters} == {"cases.stories"}
    assert all("Malformed" in letter.error or "KeyError" in letter.error for letter in letters)


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (b"{}", [("ce_type", None), ("ce_position", None), ("ce_id", b"1")]),
        (b"{}", [("ce_type", b"t.v1"), ("ce_position", b"9" * 40), ("ce_previous", b"0"), ("ce_chain", b"00" * 32),
                 ("ce_id", b"1")]),
        (b"{}", [("ce_type", b"\xff\xfe")]),
        (os.urandom(2 * 1024 * 1024 - 200), []),
    ],
    ids=["headers without values", "a position that no table holds", "headers that are no text",
         "as large as the broker takes"],
)  # fmt: skip
async def test_no_stranger_stops_a_view(
    stories: Stories, value: bytes, headers: list[tuple[str, bytes | None]]
) -> None:
    case = uuid4()
    async with stories.running() as runtime:
        cluster = stories.settings.cluster
        async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap, max_request_size=4_194_304) as producer:
            for partition in (0, 1):
                await producer.send_and_wait(
                    cluster.name("cases"), value, key=b"k", partition=partition, headers=headers
                )
        await runtime.commits.save([reopening(case, 1)])

        async def seen() -> bool:
            return case in await stories.rows(runtime) and len(await dead_letters(cluster)) == 2

        await until(seen, 60)
        assert [letter.value for letter in await dead_letters(cluster)] == [value, value]


async def test_not_even_one_without_key_and_value(stories: Stories) -> None:
    case = uuid4()
    async with stories.running() as runtime:
        cluster = stories.settings.cluster
        async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap) as producer:
            for partition in (0, 1):
                batch = producer.create_batch()
                batch.append(key=None, value=None, timestamp=None)
                await (await producer.send_batch(batch, cluster.name("cases"), partition=partition))
        await runtime.commits.save([reopening(case, 1)])

        async def seen() -> bool:
            return case in await stories.rows(runtime) and len(await dead_letters(cluster)) == 2

        await until(seen, 60)


async def test_a_record_that_is_sent_again_leaves_nobody_behind(stories: Stories) -> None:
    """After a crash of the relay the last record of the log is a copy; who has read it is at the end."""
    async with stories.running() as runtime:
        saved = await runtime.commits.save([reopening(uuid4(), 1)])
        await runtime.positions.wait(runtime.views[0], await runtime.positions.token(saved))
        cluster = stories.settings.cluster
        async with AIOKafkaConsumer(cluster.name("cases"), bootstrap_servers=cluster.bootstrap,
                                    auto_offset_reset="earliest") as kafka:  # fmt: skip
            record = await kafka.getone()
        async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap) as producer:
            await producer.send_and_wait(
                record.topic, record.value, key=record.key, partition=record.partition, headers=list(record.headers)
            )

        async def at_the_end() -> bool:
            async with runtime.pool.connection() as conn:
                found = await conn.execute("select next_offset from progress where consumer = 'stories.g1'")
                return bool(await found.fetchall() == [(2,)])

        await until(at_the_end)


async def test_a_record_that_cannot_be_folded_is_set_aside_alone(stories: Stories) -> None:
    case = uuid4()
    async with stories.running() as runtime:
        saved = await runtime.commits.save(
            [reopening(case, 1), reopening(case, 2, "impossible"), reopening(case, 3, "last")]
        )
        await runtime.positions.wait(runtime.views[0], await runtime.positions.token(saved))
        assert (await stories.rows(runtime))[case] == (2, "last")
        letters = await dead_letters(stories.settings.cluster)
    assert [letter.type for letter in letters] == ["case.reopened.v1"]
    assert "ArithmeticError" in letters[0].error


async def test_a_gap_stops_the_view_and_is_told(stories: Stories) -> None:
    case = uuid4()
    async with stories.running() as runtime:
        saved = await runtime.commits.save([reopening(case, 1)])
        await runtime.positions.wait(runtime.views[0], await runtime.positions.token(saved))
        async with runtime.pool.connection() as conn:
            await conn.execute("update progress set position = position - 1 where next_offset > 0")
        await runtime.commits.save([reopening(case, 2)])

        async def told() -> bool:
            return "recourse audit verify" in (runtime.bus.readings[0].trouble or "")

        await until(told)
        assert (await stories.rows(runtime))[case] == (1, "again")
        async with runtime.pool.connection() as conn:
            await conn.execute("update progress set position = position + 1 where next_offset > 0")

        async def goes_on() -> bool:
            return (await stories.rows(runtime))[case] == (2, "again")

        await until(goes_on)


async def test_kafkas_offsets_are_only_a_hint(stories: Stories) -> None:
    """The database goes back to before what Kafka thinks was read, as after a restore: the view reads it again."""
    case = uuid4()
    async with stories.running() as runtime:
        saved = await runtime.commits.save([reopening(case, 1)])
        await runtime.positions.wait(runtime.views[0], await runtime.positions.token(saved))
        await asyncio.sleep(0.5)
        async with runtime.pool.connection() as conn:
            await conn.execute("delete from progress where consumer = 'stories.g1'")
            await conn.execute("delete from stories_g1")
    async with stories.running() as runtime:
        saved = await runtime.commits.save([reopening(case, 2)])
        await runtime.positions.wait(runtime.views[0], await runtime.positions.token(saved), 20)
        assert (await stories.rows(runtime))[case] == (2, "again")


@pytest.mark.parametrize("comes", ["nothing", "garbage", "a copy", "much elsewhere"])
async def test_what_the_database_has_lost_is_read_again(stories: Stories, comes: str) -> None:
    """Views do not wait for its disk, so a killed one may forget the last rows with how far they had come."""
    cluster, case = stories.settings.cluster, uuid4()
    topic, home = cluster.name("cases"), partition_of(str(case).encode(), 2)
    async with stories.running() as runtime, AIOKafkaProducer(bootstrap_servers=cluster.bootstrap) as producer:
        first = await runtime.commits.save([reopening(case, 1)])
        await runtime.positions.wait(runtime.views[0], await runtime.positions.token(first))
        async with runtime.pool.connection() as conn:
            stand = await (await conn.execute(f"select * from progress where topic = '{topic}'")).fetchall()
        token = await runtime.positions.token(await runtime.commits.save([reopening(case, 2)]))
        await runtime.positions.wait(runtime.views[0], token)
        [old] = [one for one in await records(cluster, "cases", 2) if dict(one.headers)["ce_id"].endswith(b"/1")]

        async def goes_on_elsewhere() -> None:
            while True:
                await producer.send_and_wait(topic, b"{", key=b"k", partition=1 - home)
                await asyncio.sleep(0.05)

        async with runtime.pool.connection() as conn, conn.transaction():
            await conn.execute("update stories_g1 set reopened = 1")
            for consumer, _, partition, *at in stand:
                await conn.execute(
                    "update progress set position = %s, next_offset = %s, link = %s where (consumer, partition)"
                    " = (%s, %s)",
                    [*at, consumer, partition],
                )
        busy = asyncio.create_task(goes_on_elsewhere()) if comes == "much elsewhere" else None
        if comes == "garbage":
            await producer.send_and_wait(topic, b"{", key=b"k", partition=home)
        elif comes == "a copy":
            await producer.send_and_wait(topic, old.value, key=old.key, headers=list(old.headers), partition=home)
        await runtime.positions.wait(runtime.views[0], token, 20)
        if busy:
            busy.cancel()
        third = await runtime.commits.save([reopening(case, 3)])
        await runtime.positions.wait(runtime.views[0], await runtime.positions.token(third), 20)
        assert (await stories.rows(runtime))[case] == (3, "again")


async def test_two_owners_of_a_view_count_nothing_twice(stories: Stories) -> None:
    cases = [uuid4() for _ in range(40)]
    async with stories.running() as one, stories.running() as two:
        for version in range(1, 6):
            await asyncio.gather(
                one.commits.save([reopening(case, version) for case in cases[:20]]),
                two.commits.save([reopening(case, version) for case in cases[20:]]),
            )

        async def all_seen() -> bool:
            return sum(count for count, _ in (await stories.rows(one)).values()) >= 200

        await until(all_seen)
        await asyncio.sleep(0.5)
        assert await stories.rows(one) == dict.fromkeys(cases, (5, "again"))


async def test_erasure_scrubs_the_view_and_a_late_word_stays_closed(stories: Stories) -> None:
    person, case = uuid4(), uuid4()
    async with stories.running() as runtime:
        await runtime.commits.save([met(person), note(case, 1, person, "a secret")])

        async def text(expected: str | None) -> bool:
            async with runtime.pool.connection() as conn:
                found = await conn.execute("select note from stories where case_id = %s", [case])
                return bool(await found.fetchone() == (expected,))

        await until(lambda: text("a secret"))
        await runtime.commits.save([PersonErased(**BY.stamp(person, 2), reason="asked")])
        await until(lambda: text(None))


async def test_once_a_view_says_erased_nothing_is_sealed_for_the_person(
    stories: Stories, postgres: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although who follows the keys rests: the erasure was decided in another service."""
    person, case = uuid4(), uuid4()
    monkeypatch.setattr("shared.keys.follower.GATHER", 600)
    publisher = Runtime("intake", stories.settings.model_copy(update={"postgres": postgres("intake")}))
    app = publisher.application("A neighbour")
    async with stories.running() as runtime, app.router.lifespan_context(app):
        await publisher.commits.save([met(person)])

        async def known() -> bool:
            return not runtime.keyring.absent([person])

        await until(known)
        saved = await runtime.commits.save([note(case, 1, person, "a secret")])
        await runtime.positions.wait(runtime.views[0], await runtime.positions.token(saved))
        await publisher.commits.save([PersonErased(**BY.stamp(person, 2), reason="asked")])

        async def scrubbed() -> bool:
            async with runtime.pool.connection() as conn:
                found = await conn.execute("select note from stories where case_id = %s", [case])
                return bool(await found.fetchone() == (None,))

        await until(scrubbed)
        with pytest.raises(PersonWasErased):
            await runtime.commits.save([note(case, 2, person, "too late")])


async def test_a_key_that_comes_late_opens_all_that_was_sealed_with_it(stories: Stories) -> None:
    """Events and keys travel on different topics: whichever is first, the words are read."""
    person, cases = uuid4(), [uuid4() for _ in range(5)]
    async with stories.running() as runtime:
        saved = await runtime.commits.save([met(person), *(note(case, 1, person, "words") for case in cases)])
        for one in saved[1:]:
            await runtime.positions.wait(runtime.views[0], await runtime.positions.token([one]))
    async with stories.running() as runtime:
        runtime.keyring._known.clear()
        await rebuild(runtime.views[0], runtime.pool, stories.settings.cluster, runtime.keyring, runtime.keys)
        async with runtime.pool.connection() as conn:
            found = await conn.execute("select note from stories")
            assert {row[0] for row in await found.fetchall()} == {"words"}
