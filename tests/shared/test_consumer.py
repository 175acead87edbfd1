"""A view takes each record in once; poison is set aside, a gap stops it and says so."""

import asyncio
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from shared.dead_letters import dead_letters
from shared.events.people import PersonErased
from shared.rebuild import rebuild
from tests.serving import until
from tests.shared.conftest import BY, Stories, met, note, reopening


async def test_what_a_stranger_sends_is_set_aside_and_the_rest_goes_on(stories: Stories) -> None:
    case = uuid4()
    async with stories.running() as runtime:
        cluster = stories.settings.kafka
        async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap) as producer:
            for partition in (0, 1):
                await producer.send_and_wait(cluster.name("cases"), b"{", key=b"k", partition=partition)
        await runtime.commits.save([reopening(case, 1)])

        async def seen() -> bool:
            return case in await stories.rows(runtime) and len(await dead_letters(stories.settings.kafka)) == 2

        await until(seen)
        letters = await dead_letters(stories.settings.kafka)
    assert {letter.group for letter in letters} == {"cases.stories"}
    assert all("Malformed" in letter.error or "KeyError" in letter.error for letter in letters)


async def test_a_record_that_cannot_be_folded_is_set_aside_alone(stories: Stories) -> None:
    case = uuid4()
    async with stories.running() as runtime:
        saved = await runtime.commits.save(
            [reopening(case, 1), reopening(case, 2, "impossible"), reopening(case, 3, "last")]
        )
        await runtime.positions.wait(runtime.views[0], await runtime.positions.token(saved))
        assert (await stories.rows(runtime))[case] == (2, "last")
        letters = await dead_letters(stories.settings.kafka)
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
            return "recourse audit verify" in (runtime.readings[0].trouble or "")

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


async def test_a_key_that_comes_late_opens_all_that_was_sealed_with_it(stories: Stories) -> None:
    """Events and keys travel on different topics: whichever is first, the words are read."""
    person, cases = uuid4(), [uuid4() for _ in range(5)]
    async with stories.running() as runtime:
        saved = await runtime.commits.save([met(person), *(note(case, 1, person, "words") for case in cases)])
        for one in saved[1:]:
            await runtime.positions.wait(runtime.views[0], await runtime.positions.token([one]))
    async with stories.running() as runtime:
        runtime.keyring._known.clear()
        await rebuild(runtime.views[0], runtime.pool, stories.settings.kafka, runtime.keyring, runtime.keys)
        async with runtime.pool.connection() as conn:
            found = await conn.execute("select note from stories")
            assert {row[0] for row in await found.fetchall()} == {"words"}
