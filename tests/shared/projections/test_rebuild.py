"""A view is rebuilt beside the live one, compared with it, and switched while pages read on."""

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import pytest

from shared.events.people import PersonErased
from shared.keys.follower import KeyFollower
from shared.keys.keyring import Keyring
from shared.postgres import purge
from shared.projections import checkpoints, decoding, versions
from shared.projections.rebuild import rebuild
from shared.projections.view import Table, View
from shared.service.runtime import Runtime
from tests.serving import MASTER, until
from tests.shared.conftest import BY, Stories, met, note, reopening, story_view


async def filled(stories: Stories, runtime: Runtime, cases: int = 10) -> None:
    person = uuid4()
    events = [met(person)]
    for _ in range(cases):
        case = uuid4()
        events += [reopening(case, 1), note(case, 2, person, "words"), reopening(case, 3)]  # type: ignore[list-item]
    saved = await runtime.commits.save(events)
    for one in saved:
        await runtime.positions.wait(runtime.views[0], await runtime.positions.token([one]))


async def test_a_rebuilt_view_is_equal_and_takes_over(stories: Stories) -> None:
    async with stories.running() as runtime:
        await filled(stories, runtime)
        before = await stories.rows(runtime)
        made = await rebuild(
            runtime.views[0], runtime.pool, stories.settings.cluster, runtime.keyring, runtime.keys, verify=True
        )
        assert (made.differences, made.switched, made.rows) == ((), True, 10)
        assert await stories.rows(runtime) == before
        case = uuid4()
        saved = await runtime.commits.save([reopening(case, 1)])
        await runtime.positions.wait(runtime.views[0], await runtime.positions.token(saved))
        assert (await stories.rows(runtime))[case] == (1, "again")


async def test_a_row_that_was_changed_by_hand_is_named_and_nothing_is_switched(stories: Stories) -> None:
    async with stories.running() as runtime:
        await filled(stories, runtime)
        async with runtime.pool.connection() as conn:
            found = await conn.execute("update stories_g1 set reopened = 7 where ctid = '(0,1)' returning case_id")
            row = await found.fetchone()
        assert row is not None
        made = await rebuild(
            runtime.views[0], runtime.pool, stories.settings.cluster, runtime.keyring, runtime.keys, verify=True
        )
        assert made.differences == (f"stories {row[0]}",)
        assert not made.switched
        assert (await stories.rows(runtime))[row[0]][0] == 7


async def test_events_that_arrive_during_a_rebuild_are_in_both(stories: Stories) -> None:
    async with stories.running() as runtime:
        await filled(stories, runtime)
        stop = asyncio.Event()

        async def write() -> int:
            count = 0
            while not stop.is_set():
                await runtime.commits.save([reopening(uuid4(), 1)])
                count += 1
            return count

        async def read() -> None:
            while not stop.is_set():
                assert len(await stories.rows(runtime)) >= 10
                await asyncio.sleep(0)

        writing, reading = asyncio.create_task(write()), asyncio.create_task(read())
        made = await rebuild(
            runtime.views[0], runtime.pool, stories.settings.cluster, runtime.keyring, runtime.keys, verify=True
        )
        stop.set()
        count = await writing
        await reading
        assert made.switched

        async def all_there() -> bool:
            return len(await stories.rows(runtime)) == 10 + count

        await until(all_there)


async def test_a_changed_fold_is_built_beside_the_live_view_and_switched(stories: Stories) -> None:
    async with stories.running() as runtime:
        await filled(stories, runtime)
    async with stories.running(story_view(version=2, weight=10)) as runtime:
        counts = {count for count, _ in (await stories.rows(runtime)).values()}
        assert counts <= {2, 20}, "a page always reads one version or the other"

        async def renewed() -> bool:
            return {count for count, _ in (await stories.rows(runtime)).values()} == {20} and not runtime.rebuilding

        await until(renewed)
        case = uuid4()
        saved = await runtime.commits.save([reopening(case, 1)])
        await runtime.positions.wait(runtime.views[0], await runtime.positions.token(saved), 20)
        assert (await stories.rows(runtime))[case] == (10, "again")


@dataclass(slots=True)
class Longer:
    case_id: UUID
    reopened: int = 0
    since: datetime | None = None


async def test_until_it_is_rebuilt_an_older_view_shows_new_columns_and_tables_empty(stories: Stories) -> None:
    """Pages of today ask for them from the first request on."""
    async with stories.running() as runtime:
        await filled(stories, runtime)
        newer = View("stories", 2, [Table("stories", Longer), Table("chapters", Longer)])
        async with runtime.pool.connection() as conn:
            for _ in range(2):
                assert (await versions.prepare(conn, newer)).version == 1
            found = await conn.execute("select reopened, since, last_reason from stories group by 1, 2, 3")
            assert await found.fetchall() == [(2, None, "again")]
            found = await conn.execute("select case_id, reopened, since from chapters")
            assert await found.fetchall() == []


async def test_of_more_people_than_are_remembered_every_word_is_built_again(
    stories: Stories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.keys.keyring.REMEMBERED", 100)
    monkeypatch.setattr(decoding, "TOGETHER", 10)
    people = [uuid4() for _ in range(300)]
    async with stories.running() as runtime:
        for person in people:
            await runtime.commits.save([met(person), note(uuid4(), 1, person, "words")])
        saved = await runtime.commits.save([reopening(uuid4(), 1)])
        for _ in range(2):  # the second time in another order of people than they were met in
            for person in reversed(people):
                await runtime.keys.fetch({person})
                saved += await runtime.commits.save([note(uuid4(), 1, person, "words")])
        for one in saved:
            await runtime.positions.wait(runtime.views[0], await runtime.positions.token([one]))
        keyring = Keyring(MASTER)  # as in a process of its own
        follower = KeyFollower(stories.settings.cluster, runtime.pool, keyring, runtime.service)
        await follower.start()
        made = await rebuild(runtime.views[0], runtime.pool, stories.settings.cluster, keyring, follower, verify=True)
        await follower.stop()
        assert (made.differences, made.rows) == ((), 901)
        async with runtime.pool.connection() as conn:
            found = await conn.execute("select count(note) from stories")
            assert await found.fetchone() == (900,)


KILLED = """
import asyncio, os, signal, sys
from psycopg_pool import AsyncConnectionPool
from shared.keys.follower import KeyFollower
from shared.keys.keyring import Keyring
from shared.projections.rebuild import rebuild
from shared.kafka.topics import Cluster
from tests.serving import MASTER
from tests.shared.conftest import story_view

async def main(url, bootstrap, prefix, by):
    async with AsyncConnectionPool(url, open=False, kwargs={"autocommit": True}) as pool:
        keys = KeyFollower(Cluster(bootstrap, prefix), pool, keyring := Keyring(MASTER), "cases")
        await keys.start()
        die = lambda done, total: os.kill(os.getpid(), int(by))
        await rebuild(story_view(), pool, Cluster(bootstrap, prefix), keyring, keys, progress=die)

asyncio.run(main(*sys.argv[1:]))
"""


async def rebuilding(stories: Stories, runtime: Runtime, person: UUID, by: signal.Signals) -> Process:
    """A process that has read words of that person when the signal comes."""
    at = stories.settings
    saved = await runtime.commits.save([met(person), note(uuid4(), 1, person, "words")])
    await runtime.positions.wait(runtime.views[0], await runtime.positions.token(saved))
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, at.postgres, at.kafka, at.topic_prefix, str(int(by))
    )


async def tables(runtime: Runtime) -> list[str]:
    async with runtime.pool.connection() as conn:
        found = await conn.execute("select tablename from pg_tables where tablename like 'stories_g%'")
        return sorted(row[0] for row in await found.fetchall())


async def test_what_a_killed_rebuild_leaves_is_gone_when_a_person_is_erased(stories: Stories) -> None:
    person = uuid4()
    async with stories.running() as runtime:
        child = await rebuilding(stories, runtime, person, signal.SIGKILL)
        assert await child.wait() == -signal.SIGKILL
        assert await tables(runtime) == ["stories_g1", "stories_g2"]
        saved = await runtime.commits.save([PersonErased(**BY.stamp(person, 2), reason="asked")])
        await runtime.positions.wait(runtime.views[0], await runtime.positions.token(saved))
        assert await tables(runtime) == ["stories_g1"]


async def test_nor_does_it_stay_when_the_rebuild_is_killed_after_the_erasure(
    stories: Stories, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which left it alone, as somebody was filling it. What was dropped is noted: the log still has it."""
    monkeypatch.setattr(versions, "EVERY", 0.1)
    person = uuid4()

    async def words() -> bool:
        if await tables(runtime) != ["stories_g1", "stories_g2"]:
            return False
        async with runtime.pool.connection() as conn:
            return await (await conn.execute("select from stories_g2 where note = 'words'")).fetchone() is not None

    async def gone() -> bool:
        return await tables(runtime) == ["stories_g1"]

    async with stories.running() as runtime:
        child = await rebuilding(stories, runtime, person, signal.SIGSTOP)
        try:
            await until(words)
            saved = await runtime.commits.save([PersonErased(**BY.stamp(person, 2), reason="asked")])
            await runtime.positions.wait(runtime.views[0], await runtime.positions.token(saved))
            assert await words()
        finally:
            child.kill()
            await child.wait()
        await until(gone)
        async with runtime.pool.connection() as conn:
            assert {"stories_g1", "stories_g2"} <= set(await purge.waiting(conn))


async def test_who_holds_a_view_sees_what_the_batch_has_written_that_it_waited_for(stories: Stories) -> None:
    async with stories.running() as runtime:
        await filled(stories, runtime)
        view, place = runtime.views[0], (stories.settings.cluster.name("cases"), 0)

        async def held() -> int:
            async with runtime.pool.connection() as conn, conn.transaction():
                await versions.hold(conn, view)
                return (await checkpoints.lock(conn, [view]))[view.name].checkpoints[place].position

        async with runtime.pool.connection() as conn, conn.transaction():
            await checkpoints.lock(conn, [view])
            waiting = asyncio.create_task(held())
            await asyncio.sleep(0.2)
            await conn.execute("update progress set position = 1000000 where partition = 0")
        assert await waiting == 1000000
