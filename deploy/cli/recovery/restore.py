"""`recourse restore` and `recourse kafka rebuild`: the services are stopped, and start again when these are done."""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from psycopg.sql import SQL, Identifier

from deploy.cli.bus.kafka_log import delete_topics, partition_counts
from deploy.cli.console import Data, Json, Refused, Say, bars, console, errors, installation, write_json
from deploy.cli.operations import databases, runtime_of
from deploy.cli.recovery import archive
from deploy.cli.recovery.archive import Manifest
from deploy.cli.recovery.chains import check_chains, count_before
from deploy.cli.recovery.recovery import Connections, finish, gather_keys, put_access, stopped
from deploy.cli.recovery.resumption import make_tables
from deploy.cli.recovery.take_back import only_in_kafka, set_relayed, take_back
from deploy.embedded.servers import servers
from deploy.installation import NAMED, Installation, data_folder, seed
from deploy.services import SERVICES
from services.reporting.audit.findings import Verified
from shared.events import OWNERS
from shared.kafka.topics import create_topics

app = typer.Typer()
kafka = typer.Typer(no_args_is_help=True, help="Kafka, where it has lost something.")
app.add_typer(kafka, name="kafka")


def load(path: Path, manifest: Manifest, conns: Connections) -> None:
    """Into empty tables, in the callers' transactions; raises `Refused` where there is anything."""
    for name, conn in conns.items():
        for table in (f"{name}_events", "keys"):
            if conn.execute(SQL("select from {} limit 1").format(Identifier(table))).fetchone() is not None:
                raise Refused(
                    f"The database of {name} is not empty: a backup is restored to an empty installation. A restore"
                    " that was cut short is finished by `recourse kafka rebuild`."
                )
    for table_name, members in groupby(archive.members(path), lambda member: archive.table_of(member[0])):
        service, _, table = table_name.partition("/")
        if not table:
            continue
        columns = SQL(", ").join(map(Identifier, manifest.services[service].tables[table].columns))
        into = SQL("copy {} ({}) from stdin (format binary)").format(Identifier(table), columns)
        conns[service].execute(SQL("delete from {}").format(Identifier(table)))
        with conns[service].cursor() as cursor, cursor.copy(into) as copy:
            for _, content in members:
                copy.write(content)
    for service, one in manifest.services.items():
        for sequence, value in one.sequences.items():
            conns[service].execute("select setval(%s::regclass, %s)", [f'"{sequence}"', value])


async def restored(at: Installation, path: Path, erased: list[UUID], say: Say) -> tuple[Manifest, int, Verified]:
    """All of the file is read and compared before anything is written; answers how many events were taken back.

    Until all was found to fit, it is one open transaction a database. Raises `Damaged`, `Refused`.
    """
    manifest, taken_back = await asyncio.to_thread(archive.checked, path), 0
    if at.topic_prefix != manifest.prefix:
        raise Refused(f"The backup's topics begin with '{manifest.prefix}': set RECOURSE_TOPIC_PREFIX to that.")
    await create_topics(at.cluster, partitions=max(manifest.topics.values(), default=None))
    check_counts(manifest, await partition_counts(at.cluster))
    await _make_tables(at)
    with stopped(databases(at)) as conns:
        load(path, manifest, conns)
        for number, (name, conn) in enumerate(conns.items()):
            say("Comparing tables and topics", number, len(conns))
            taken_back += await take_back(name, conn, at.cluster)
        await gather_keys(at, conns, erased)
        await put_access(at.cluster, manifest.access)
    return manifest, taken_back, await finish(at, say)


def check_counts(manifest: Manifest, now: Mapping[str, int]) -> None:
    for topic, count in manifest.topics.items():
        if now[topic] != count:
            raise Refused(
                f"The topic {manifest.prefix}{topic} has {now[topic]} partitions, and had {count}: its chains would not"
                f" be the same. Delete it, make it with {count} partitions, and try again."
            )


async def rebuilt(at: Installation, say: Say) -> Verified:
    """Delete the topics of events and of keys, if nothing is lost with them, and send all that the databases hold."""
    counts = await partition_counts(at.cluster)
    await _make_tables(at)
    with stopped(databases(at)) as conns:
        count = count_before(conns, set(counts.values()))
        for number, (name, conn) in enumerate(conns.items()):
            say("Comparing tables and topics", number, len(conns))
            check_chains(name, conn, at.cluster, dict.fromkeys(OWNERS, count))
            if lost := await only_in_kafka(name, conn, at.cluster):
                raise Refused(
                    f"Kafka holds {lost:,} events that the database of {name} does not, and they would be lost. Make a"
                    " backup, empty the databases, and restore it: that takes them back. If `recourse audit verify`"
                    " says that strangers added them, delete the topics yourself and run this again."
                )
        await delete_topics(at.cluster, list(counts))
        await create_topics(at.cluster, partitions=count)
        for conn in conns.values():
            set_relayed(conn, 0, {})
        await gather_keys(at, conns)
    return await finish(at, say)


async def _make_tables(at: Installation) -> None:
    for name in SERVICES:
        await make_tables(runtime_of(at, name))


@contextmanager
def target(data: Path | None) -> Iterator[Installation]:
    """The servers that the environment names, else those of a data folder on which nothing runs."""
    named = list(map(os.environ.get, NAMED))
    if all(named):
        yield installation(data)
        return
    folder = data_folder(data)
    if not (folder / "secrets" / "master-key").exists():
        raise Refused(
            f"{folder / 'secrets'} has no master key. Copy the folder secrets of the installation that was backed up"
            f" to {folder}: a backup does not hold it, and nothing in it can be read without."
        )
    settings = Installation.on_this_machine(seed(folder / "secrets"))
    with servers(folder, errors.print, *named) as running:
        yield settings.model_copy(update=running)


def carried_out(data: Path | None, work: Callable[[Installation, Say], Any]) -> Any:
    with target(data) as at, bars() as say:
        return asyncio.run(work(at, say))


def people_in(file: Path) -> list[UUID]:
    """Read the list of `recourse erased`, whole or not at all: nobody that it names may come back."""
    people: list[UUID] = []
    for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
        try:
            people += map(UUID, line.split())
        except ValueError:
            raise Refused(f"{file}, line {number}: that is no person's id. Nothing was restored.") from None
    return people


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `recourse backup` wrote.")],
    erased: Annotated[Path | None, typer.Option(help="Ids of people erased since, one on a line.")] = None,
    data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Bring a backup back, with all that Kafka still has of what came after it.

    The installation must be empty.
    """
    people = people_in(erased) if erased else []
    manifest, taken_back, verified = carried_out(data, lambda at, say: restored(at, file, people, say))
    _report(verified, as_json, events=manifest.events, made_at=manifest.made_at.isoformat(), taken_back=taken_back)


@kafka.command()
def rebuild(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, data: Data = None, as_json: Json = False
) -> None:
    """Make the topics again from the databases: same positions, same bytes, same chains."""
    if not yes:
        typer.confirm("Delete the topics of events and of keys? They are made again from the databases.", abort=True)
    _report(carried_out(data, rebuilt), as_json)


def _report(verified: Verified, as_json: bool, **more: Any) -> None:
    found = [str(finding) for finding in verified.findings]
    if as_json:
        write_json(more | {"verified": verified.events, "findings": found})
    else:
        if more:
            console.print("{events:,} events of the backup made at {made_at}.".format(**more), highlight=False)
            console.print(f"{more['taken_back']:,} events were taken back from Kafka, where they had been sent since.")
        for finding in found:
            console.print(f"[red]{finding}[/red]", highlight=False)
        console.print(f"{verified.events:,} stored events were verified: {len(found) or 'no'} findings.")
    if found:
        raise typer.Exit(1)
