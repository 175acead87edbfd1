"""Two processes of a service share its views: neither writes what the other knows to be gone, or cannot read."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg_pool import AsyncConnectionPool

from shared.events.people import PersonErased
from shared.eventstore.store import Store
from shared.kafka.topics import partition_of
from shared.keys.follower import KeyFollower
from shared.keys.keyring import Keyring
from shared.postgres.pools import Pool
from shared.projections.rebuild import rebuild
from shared.projections.view_sink import ViewsSink
from shared.service.runtime import Runtime
from shared.supervision import finish
from tests.serving import MASTER, until
from tests.shared.conftest import BY, Stories, met, note, records, reopening, story_view


async def publish_dead(name: str, dead: Sequence[Any]) -> None:
    raise AssertionError(dead)


@dataclass
class Other:
    """Another process of the service, which hears of keys only when it asks for them."""

    sink: ViewsSink
    keyring: Keyring
    pool: Pool

    async def shown(self) -> list[Any]:
        async with self.pool.connection() as conn:
            return await (await conn.execute("select case_id, note from stories")).fetchall()


@asynccontextmanager
async def another_that_remembers(person: UUID, runtime: Runtime, stories: Stories) -> AsyncIterator[Other]:
    """It has taken in that they were met, and so knows of all erasures until now."""
    keyring, cluster = Keyring(MASTER), stories.settings.cluster
    async with AsyncConnectionPool(stories.settings.postgres, open=False, kwargs={"autocommit": True}) as pool:
        keys = KeyFollower(cluster, pool, keyring, runtime.service)
        await keys.start()
        await finish(keys._task)
        await runtime.commits.save([met(person)])
        assert await keys.fetch({person}) == set()
        other = Other(ViewsSink(runtime.views, cluster, pool, keyring, keys), keyring, pool)
        await other.sink.take(await records(cluster, "people", 1), publish_dead)
        yield other
        await keys.stop()


async def test_who_has_not_heard_of_an_erasure_writes_no_words_after_it(stories: Stories) -> None:
    """As when one of them has the partition of the person, and the other that of a note about them."""
    cluster, person, case = stories.settings.cluster, uuid4(), uuid4()
    async with stories.running() as runtime:
        await runtime.bus.consumers[0].stop()
        async with another_that_remembers(person, runtime, stories) as other:
            await runtime.commits.save([note(case, 1, person, "words")])
            await runtime.commits.save([PersonErased(**BY.stamp(person, 2), reason="asked")])
            first = ViewsSink(runtime.views, cluster, runtime.pool, runtime.keyring, runtime.keys)
            await first.take(await records(cluster, "people", 2), publish_dead)
            assert other.keyring.absent([person]) == set()
            await other.sink.take(await records(cluster, "cases", 1), publish_dead)
            assert await other.shown() == [(case, None)]


async def test_nor_after_one_that_a_rebuild_has_brought(stories: Stories) -> None:
    """Filled further than the live one was, so nobody else takes it in; who has not heard seals a note after it."""
    cluster, person, case = stories.settings.cluster, uuid4(), uuid4()
    async with stories.running() as runtime:
        await runtime.bus.consumers[0].stop()
        async with another_that_remembers(person, runtime, stories) as other:
            await runtime.commits.save([PersonErased(**BY.stamp(person, 2), reason="asked")])
            await records(cluster, "people", 2)
            assert (await rebuild(runtime.views[0], runtime.pool, cluster, runtime.keyring, runtime.keys)).switched
            store = Store("cases", stories.settings.postgres, other.keyring)
            await asyncio.to_thread(store.put, [note(case, 1, person, "words")])
            store.close()
            assert other.keyring.absent([person]) == set()
            await other.sink.take(await records(cluster, "cases", 1), publish_dead)
            assert await other.shown() == [(case, None)]


async def test_an_older_release_leaves_a_view_alone_that_a_newer_one_has_built(stories: Stories) -> None:
    """And all partitions to the newer one, so there is a case on each."""
    cases = {partition_of(str(case).encode(), 2): case for case in (uuid4() for _ in range(64))}.values()
    assert len(cases) == 2

    async def counted() -> list[int]:
        async with old.pool.connection() as conn:
            found = await conn.execute("select reopened from stories where case_id = any(%s)", [list(cases)])
            return [row[0] for row in await found.fetchall()]

    async with stories.running() as old:
        saved = await old.commits.save([reopening(case, 1) for case in cases])
        await old.positions.wait(old.views[0], await old.positions.token(saved))
        await rebuild(story_view(2, weight=10), old.pool, stories.settings.cluster, old.keyring, old.keys)
        await old.commits.save([reopening(case, 2) for case in cases])

        async def troubled() -> bool:
            return any("OtherVersion" in (one.trouble or "") for one in old.bus.readings)

        await until(troubled)
        assert await counted() == [10, 10]
        async with stories.running(story_view(2, weight=10)):

            async def went_on() -> bool:
                return await counted() == [20, 20]

            await until(went_on)


async def test_one_of_them_builds_an_outdated_view_anew_for_both(stories: Stories) -> None:
    case, newer = uuid4(), story_view(2, weight=10)
    async with stories.running() as old:
        saved = await old.commits.save([reopening(case, 1)])
        await old.positions.wait(old.views[0], await old.positions.token(saved))
    async with await psycopg.AsyncConnection.connect(stories.settings.postgres, autocommit=True) as conn:
        await conn.execute("select pg_advisory_lock(hashtext('recourse.build stories'))")  # until both want to
        async with stories.running(newer) as one, stories.running(newer) as two:
            assert one.rebuilding == two.rebuilding == {"stories"}
            await conn.execute("select pg_advisory_unlock_all()")

            async def built() -> bool:
                return not one.rebuilding and not two.rebuilding

            await until(built)
            found = await conn.execute("select version, generation, newest from views")
            assert await found.fetchone() == (2, 2, 2)
            await one.commits.save([reopening(case, 2)])

            async def went_on() -> bool:
                return await stories.rows(two) == {case: (20, "again")}

            await until(went_on)
