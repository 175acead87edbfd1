"""Views and policies are subscribers of one broker, which reads on whatever happens to its client."""

import asyncio
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shared.projections.policies import NotYet, Policy
from shared.service.runtime import Runtime
from shared.service.settings import Settings
from tests.published import on_test_broker
from tests.serving import MASTER, SECRET, until
from tests.shared.conftest import Stories, met, note, reopening, story_view
from tests.shared.projections.test_view_sink import HASTEN, reasons


async def test_without_kafka_what_is_published_is_folded_and_reacted_to(postgres: Callable[[str], str]) -> None:
    settings = Settings(postgres=postgres("stories"), kafka="nowhere", master_key=MASTER.hex(), secret=SECRET)
    runtime = Runtime("cases", settings, [story_view()], [HASTEN])
    case, person = uuid4(), uuid4()
    async with on_test_broker(runtime) as publish:
        await publish(reopening(case, 1), met(person), note(case, 2, person, "words"))
        async with runtime.pool.connection() as conn:
            found = await conn.execute("select case_id, reopened, note from stories")
            assert await found.fetchall() == [(case, 1, "words")]
        assert await reasons(runtime, case, 1) == ["again"]


def too_early(*_: Any) -> list[Any]:
    raise NotYet("its case is not here")


async def test_without_kafka_errors_reach_whoever_publishes(postgres: Callable[[str], str]) -> None:
    settings = Settings(postgres=postgres("stories"), kafka="nowhere", master_key=MASTER.hex(), secret=SECRET)
    runtime = Runtime("cases", settings, policies=[Policy("waits", HASTEN.reads, too_early)])
    async with on_test_broker(runtime) as publish:
        with pytest.raises(NotYet):
            await publish(reopening(uuid4(), 1))


@pytest.mark.parametrize("failure", [KafkaError(), asyncio.CancelledError(), RuntimeError()], ids=repr)
async def test_a_client_that_fails_is_replaced(
    stories: Stories, failure: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stories.running() as runtime:
        first = runtime.bus.consumers[0].member

        async def fails(*_: Any, **__: Any) -> Any:
            raise failure

        with monkeypatch.context() as patch:
            patch.setattr(AIOKafkaConsumer, "getmany", fails)
            await until_replaced(runtime, first)
        await reads_on(runtime)


async def test_reading_that_was_cancelled_begins_anew(stories: Stories) -> None:
    async with stories.running() as runtime:
        await reads_on(runtime)
        first = runtime.bus.consumers[0].member
        runtime.bus.consumers[0]._subscriber.tasks[0].cancel()
        await until_replaced(runtime, first)
        await reads_on(runtime)


async def until_replaced(runtime: Runtime, first: Any) -> None:
    async def replaced() -> bool:
        return runtime.bus.consumers[0].member not in (None, first)

    await until(replaced)


async def reads_on(runtime: Runtime) -> None:
    saved = await runtime.commits.save([reopening(uuid4(), 1)])
    await runtime.positions.wait(runtime.views[0], await runtime.positions.token(saved), 20)


async def test_a_service_stops_at_once_while_a_policy_backs_off(stories: Stories) -> None:
    runtime = Runtime("cases", stories.settings, policies=[Policy("waits", HASTEN.reads, too_early)])
    app = runtime.application("Stories")
    async with app.router.lifespan_context(app):
        await runtime.commits.save([reopening(uuid4(), 1)])

        async def backs_off() -> bool:
            return runtime.bus.consumers[0]._wait > 4

        await until(backs_off)
        began = time.monotonic()
    assert time.monotonic() - began < 3


async def test_nothing_is_committed_to_kafka(stories: Stories) -> None:
    cluster = stories.settings.cluster
    async with stories.running() as runtime:
        await reads_on(runtime)
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    await admin.start()
    try:
        assert await admin.list_consumer_group_offsets(cluster.name("cases.views")) == {}
    finally:
        await admin.close()
