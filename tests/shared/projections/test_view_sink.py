"""A policy reacts to what it can, sets aside what it cannot, and waits for what has not come yet."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import pytest

from deploy.cli.bus.dead_letters import react_again
from deploy.installation import Installation
from deploy.services import SERVICES
from shared.events import Event, Provenance
from shared.events.cases import CaseReopened, PriorityChanged
from shared.eventstore.store import Store
from shared.kafka.dead_letters import dead_letters
from shared.projections.fold import Opened
from shared.projections.policies import NotYet, Policy
from shared.service.runtime import Runtime
from tests.serving import MASTER, SECRET, until
from tests.shared.conftest import BY, Stories, reopening

PASSING: dict[str, type[BaseException]] = {"too early": NotYet, "cancelled": asyncio.CancelledError}
"""Errors that are over on the next try: what was needed has come, or a client of Kafka had cancelled a request."""

TRIED: set[UUID] = set()
"""Cases on which it has failed so."""

POSSIBLE: set[UUID] = set()
"""Cases to which it can react since it was corrected."""


def hasten(_store: Store, batch: Sequence[Opened]) -> list[Event]:
    """Each case that is reopened becomes urgent, in a stream of its own."""
    made: list[Event] = []
    for record, event in batch:
        assert isinstance(event, CaseReopened)
        if event.reason == "impossible" and event.originator_id not in POSSIBLE:
            raise ArithmeticError("a rule that fails")
        if event.reason in PASSING and event.originator_id not in TRIED:
            TRIED.add(event.originator_id)
            raise PASSING[event.reason]("its case is not here")
        by = Provenance("test.hasten", event.recorded_at, record.id)
        stamp = by.stamp(urgency(event.originator_id), event.originator_version)
        made.append(PriorityChanged(**stamp, priority="urgent", reason=event.reason))
    return made


HASTEN = Policy("hasten", (CaseReopened,), hasten)


def raise_again(store: Store, batch: Sequence[Opened]) -> list[Event]:
    """The same after whatever was said of the case meanwhile."""
    counts = store.load_many([urgency(event.originator_id) for _, event in batch], lambda state, _: (state or 0) + 1)
    return [
        event.model_copy(update={"originator_version": counts.get(event.originator_id, 0) + 1})
        for event in hasten(store, batch)
    ]


RAISE = Policy("hasten", (CaseReopened,), raise_again)


def urgency(case: UUID) -> UUID:
    return uuid5(NAMESPACE_URL, str(case))


@asynccontextmanager
async def hastening(stories: Stories, policy: Policy = HASTEN) -> AsyncIterator[Runtime]:
    runtime = Runtime("cases", stories.settings, policies=[policy])
    app = runtime.application("Stories")
    async with app.router.lifespan_context(app):
        yield runtime


async def reasons(runtime: Runtime, case: UUID, count: int) -> list[str]:
    """The reasons that the policy has written about the case, once there are as many."""

    async def written() -> list[str]:
        found: list[str] = []
        runtime.store.load(urgency(case), lambda _, event: found.append(getattr(event, "reason", "")))
        return found if len(found) >= count else []

    return list(await until(written))


async def test_a_record_that_a_policy_cannot_react_to_is_set_aside_alone(stories: Stories) -> None:
    first, second = uuid4(), uuid4()
    async with hastening(stories) as runtime:
        await runtime.commits.save(
            [reopening(first, 1, "once"), reopening(second, 1, "impossible"), reopening(first, 2, "twice")]
        )
        assert await reasons(runtime, first, 2) == ["once", "twice"]
        letters = await dead_letters(stories.settings.cluster)
        assert runtime.bus.readings[0].trouble is None
    assert [(letter.group, letter.type) for letter in letters] == [("cases.hasten", "case.reopened.v1")]
    assert "ArithmeticError" in letters[0].error


@pytest.mark.parametrize("reason", PASSING)
async def test_what_passes_is_tried_again_and_nothing_is_set_aside(stories: Stories, reason: str) -> None:
    case = uuid4()
    async with hastening(stories) as runtime:
        await runtime.commits.save([reopening(case, 1, reason)])
        assert await reasons(runtime, case, 1) == [reason]
        assert await dead_letters(stories.settings.cluster) == []
    assert case in TRIED


async def test_what_was_set_aside_is_reacted_to_once_when_the_policy_can(stories: Stories) -> None:
    case = uuid4()
    async with hastening(stories) as runtime:
        await runtime.commits.save([reopening(case, 1, "impossible"), reopening(case, 2, "after it")])
        await until(lambda: dead_letters(stories.settings.cluster))
        [letter] = await dead_letters(stories.settings.cluster)
        POSSIBLE.add(case)
        elsewhere = letter.source.rpartition("/")[0] + "/7"
        for sources, taken_in in [({letter.source}, 1), ({letter.source, elsewhere}, 1)]:
            assert await react_again(Runtime("cases", stories.settings), HASTEN, sources) == taken_in
        assert await reasons(runtime, case, 2) == ["impossible", "after it"]


async def test_nor_again_where_a_person_has_decided_otherwise_since(stories: Stories) -> None:
    case = uuid4()
    async with hastening(stories, RAISE) as runtime:
        await runtime.commits.save([reopening(case, 1, "impossible")])
        [letter] = await until(lambda: dead_letters(stories.settings.cluster))
        POSSIBLE.add(case)
        assert await react_again(Runtime("cases", stories.settings), RAISE, {letter.source}) == 1
        lowered = BY.stamp(urgency(case), 2)
        await runtime.commits.save([PriorityChanged(**lowered, priority="low", reason="settled by telephone")])
        assert await react_again(Runtime("cases", stories.settings), RAISE, {letter.source}) == 1
        assert await reasons(runtime, case, 2) == ["impossible", "settled by telephone"]


def test_each_event_is_read_by_one_policy_of_a_service() -> None:
    """So whatever it has caused there says that it was reacted to."""
    given = Installation(postgres="", kafka="", master_key=MASTER.hex(), secret=SECRET)
    for service in SERVICES.values():
        read = [type_ for policy in service.build(given).state.runtime.policies for type_ in policy.types]
        assert len(read) == len(set(read)), service.name
