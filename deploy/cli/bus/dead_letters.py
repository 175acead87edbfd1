"""`recourse dead`: records that a view or policy could not take in."""

import asyncio
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import typer
from psycopg.sql import SQL, Identifier

from deploy.cli.bus.kafka_log import batches
from deploy.cli.console import Data, Json, console, fail, installation, print_table, write_json
from deploy.cli.operations import chosen, opened, rebuild_view, runtime_of
from deploy.installation import Installation
from deploy.services import SERVICES
from shared.eventstore.store import Conflict
from shared.kafka.chain import Checked, Checkpoint, Place, check_chain
from shared.kafka.dead_letters import Letter, dead_letters
from shared.postgres.pools import Pool
from shared.projections.decoding import open_events
from shared.projections.fold import Opened
from shared.projections.policies import AWAITED, Policy, PolicySink
from shared.telemetry import log, redacted

if TYPE_CHECKING:  # listing needs no service
    from shared.service.runtime import Runtime

app = typer.Typer(no_args_is_help=True, help="Records that a view or policy could not take in.")
SHOWN = ("group", "offset", "source", "type", "error")


@app.command("list")
def dead_list(data: Data = None, as_json: Json = False) -> None:
    """Every record that was set aside, with why."""
    letters = asyncio.run(dead_letters(installation(data).cluster))
    if as_json:
        write_json([{name: getattr(one, name) for name in SHOWN} for one in letters])
    elif letters:
        titles = ("Consumer", "Number", "Source", "Type", "Error")
        print_table(titles, [[str(getattr(one, name)) for name in SHOWN] for one in letters])
    else:
        console.print("No record was set aside.")


@app.command("show")
def dead_show(group: str, number: int, data: Data = None) -> None:
    """One record as it is: headers, and the value with its sealed fields closed."""
    for letter in asyncio.run(dead_letters(installation(data).cluster)):
        if (letter.group, letter.offset) == (group, number):
            for name, value in letter.headers:
                console.print(f"{name}: {value.decode('utf-8', 'replace')}", highlight=False, markup=False)
            console.print((letter.value or b"").decode("utf-8", "replace"), highlight=False, markup=False)
            return
    raise fail(f"{group} has set nothing aside under number {number}. `recourse dead list` shows what there is.")


@app.command("replay")
def dead_replay(data: Data = None) -> None:
    """Take in what was set aside with the code of today: views are rebuilt, policies react."""
    at = installation(data)
    letters = asyncio.run(dead_letters(at.cluster))
    done = asyncio.run(replay(at, letters))
    console.print(f"{done} of {len(letters)} records were taken in again.")


async def replay(installation: Installation, letters: Sequence[Letter]) -> int:
    """With the code of today; answers how many records that was. What was replayed before adds nothing."""
    done = 0
    for service, view in chosen(None):
        if mine := _sources(letters, f"{service.name}.{view.name}"):
            await rebuild_view(installation, service, view, verify=False, progress=lambda done, total: None)
            done += len(mine)
    for name in SERVICES:
        for policy in runtime_of(installation, name).policies:
            if mine := _sources(letters, f"{name}.{policy.name}"):
                done += await react_again(runtime_of(installation, name), policy, mine)
    return done


async def react_again(runtime: "Runtime", policy: Policy, sources: Collection[str]) -> int:
    """Beside the running service, to the records of the log at these places (`topic/partition/offset`).

    They are read from the log, and not from the letters: only what is part of its chain may have effects.
    """
    cluster, keyring, keys, done = runtime.settings.cluster, runtime.keyring, runtime.keys, 0
    checkpoints: dict[Place, Checkpoint] = {}
    async with opened(runtime) as store:
        sink = PolicySink(policy, store, cluster, runtime.pool, keyring, keys)
        async for batch in batches(cluster, {_place(source): 0 for source in sources}):
            found = check_chain(policy.name, batch, checkpoints, policy.types)
            for step in found.advances:
                checkpoints[step.topic, step.partition] = Checkpoint(step.position, step.next_offset, step.link)
            found.records = [r for r in found.records if f"{r.topic}/{r.partition}/{r.offset}" in sources]
            answered = await _answered(runtime.pool, store.table, [record.id for record in found.records])
            for one in await open_events(found, keyring, keys):
                done += one[0].id in answered or await _react(sink, one)
    return done


async def _answered(pool: Pool, table: str, ids: Sequence[str]) -> set[str]:
    """The events that have led to one of the service: a decision that people have made since is not overruled."""
    if not ids:
        return set()
    cause = SQL("convert_from(state, 'utf8')::jsonb ->> 'caused_by'")
    query = SQL("select distinct {cause} from {table} where {cause} = any(%s)")
    async with pool.connection() as conn:
        found = await conn.execute(query.format(cause=cause, table=Identifier(table)), [list(ids)])
        return {row[0] for row in await found.fetchall()}


async def _react(sink: PolicySink, one: Opened) -> bool:
    """True where it was possible."""
    try:
        await sink.react([one], Checked(records=[one[0]]))
    except Conflict:
        return True  # what it says was said before
    except AWAITED:
        raise
    except Exception as error:
        log.error("still cannot react", consumer=sink.name, source=one[0].id, error=redacted(error))
        return False
    return True


def _sources(letters: Sequence[Letter], group: str) -> set[str]:
    return {letter.source for letter in letters if letter.group == group}


def _place(source: str) -> Place:
    topic, partition, _ = source.rsplit("/", 2)
    return topic, int(partition)
