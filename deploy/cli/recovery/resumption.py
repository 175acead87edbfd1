"""Before services start on a log, or on tables, that were made whole again: every checkpoint is where it should be.

Policies step over what they have answered, and views are folded up to the end of the log. Nothing is sent to anybody:
no worker runs.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from deploy.cli.bus.kafka_log import batches, places
from deploy.cli.console import Say
from deploy.cli.operations import opened
from shared.eventstore.store import Store
from shared.kafka.chain import Place
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.records import Malformed, read, read_all
from shared.kafka.topics import Cluster
from shared.projections.fold import Opened
from shared.projections.policies import Policy, PolicySink
from shared.projections.sink import Sink, furthest_behind
from shared.projections.view_sink import ViewsSink
from shared.service.runtime import Runtime

ANSWERED = "create table if not exists answered (event_id text primary key)"
"""The events, of others too, from which those came that were taken back; until the policies stand behind them."""


async def make_tables(runtime: Runtime) -> None:
    """As the service does when it starts, and what only a recovery writes."""
    async with runtime.opened(), runtime.pool.connection() as conn:
        await conn.execute(ANSWERED)


async def resume(runtime: Runtime, say: Say) -> None:
    at = runtime.settings.cluster
    async with opened(runtime) as store:
        await _step_over(runtime, store, say)
        views = ViewsSink(runtime.views, at, runtime.pool, runtime.keyring, runtime.keys)
        await _take_in(runtime, views, await _starts(views, at), None, say)


async def _step_over(runtime: Runtime, store: Store, say: Say) -> None:
    """Up to the last event that a policy has answered, it looks only at those that it has not.

    What it made of the others was taken back from Kafka, by this run or by one that was cut short: made again it would
    conflict, or be there twice.
    """
    async with runtime.pool.connection() as conn:
        answered = {row[0] async for row in await conn.execute("select event_id from answered")}
    if not answered:
        return
    for policy in runtime.policies:
        at = runtime.settings.cluster
        sink = PolicySink(_unanswered(policy, answered), store, at, runtime.pool, runtime.keyring, runtime.keys)
        starts = await _starts(sink, at)
        ends: dict[Place, int] = {}
        async for batch in batches(at, starts):
            ends |= {(raw.topic, raw.partition): raw.offset + 1 for raw in batch if _id(raw) in answered}
        await _take_in(runtime, sink, {place: starts[place] for place in ends}, ends, say)
    async with runtime.pool.connection() as conn:
        await conn.execute("delete from answered")


async def _starts(sink: Sink, cluster: Cluster) -> dict[Place, int]:
    topics = {topic.removeprefix(cluster.prefix) for reading in sink.readings for topic in reading.topics}
    return dict(await furthest_behind(sink, await places(cluster, topics)))


async def _take_in(
    runtime: Runtime, sink: Sink, starts: Mapping[Place, int], ends: Mapping[Place, int] | None, say: Say
) -> None:
    """As a live consumer would; who meets a gap stays there, and the log's audit names it."""
    dead_letters = DeadLetters(runtime.settings.cluster, runtime.service)
    step, done = f"Reading into {runtime.service}", 0
    say(step, done, None)
    async for batch in batches(runtime.settings.cluster, starts, ends):
        await sink.take(read_all(batch), dead_letters.publish)
        done += len(batch)
        say(step, done, None)


def _unanswered(policy: Policy, answered: Collection[str]) -> Policy:
    def react(store: Store, batch: Sequence[Opened]) -> Any:
        return policy.react(store, [(record, event) for record, event in batch if record.id not in answered])

    return replace(policy, react=react)


def _id(raw: Any) -> str:
    try:
        return read(raw).id
    except Malformed:
        return ""
