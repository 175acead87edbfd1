"""The `recourse` command."""

import asyncio
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import httpx
import psycopg
import typer
import uvicorn
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from deploy import audit, cfpb, contracts, demo, operations, screenshots
from deploy.embedded.errors import EmbeddedServerError
from deploy.installation import DEFAULT_PORT, Installation, NotRunning, data_folder, find
from deploy.services import SERVICES
from deploy.up import up as start_all
from shared.dead_letters import dead_letters
from shared.telemetry import configure_logging
from shared.topics import create_topics

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Recourse, a complaint management system.",
)
imports = typer.Typer(no_args_is_help=True, help="Bring complaints in from files.")
dead = typer.Typer(no_args_is_help=True, help="Records that a view or policy could not take in.")
tokens = typer.Typer(no_args_is_help=True, help="Tokens for machines.")
app.add_typer(imports, name="import")
app.add_typer(dead, name="dead")
app.add_typer(tokens, name="token")
app.add_typer(audit.app, name="audit")
app.add_typer(contracts.app, name="contracts")
app.add_typer(demo.app)
app.add_typer(screenshots.app)
console = Console()
errors = Console(stderr=True)

Data = Annotated[Path | None, typer.Option("--data", help="The data folder; else RECOURSE_DATA, else .data.")]
Json = Annotated[bool, typer.Option("--json", help="For scripts.")]


def fail(message: str) -> typer.Exit:
    errors.print(f"[red]Error:[/red] {message}", highlight=False, soft_wrap=True)
    return typer.Exit(1)


def installation(data: Path | None) -> Installation:
    try:
        return find(data_folder(data))
    except NotRunning as error:
        raise fail(str(error)) from None


def bars() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=errors
    )


@app.command()
def up(
    data: Data = None,
    port: Annotated[int, typer.Option(help="Else RECOURSE_PORT, else 8000.")] = int(
        os.environ.get("RECOURSE_PORT", DEFAULT_PORT)
    ),
) -> None:
    """Run everything on this machine until Ctrl-C."""
    try:
        start_all(data_folder(data), port, console)
    except EmbeddedServerError as error:
        raise fail(str(error)) from None
    except KeyboardInterrupt:
        raise typer.Exit from None


@app.command()
def serve(
    service: str, data: Data = None, port: Annotated[int, typer.Option(help="Where it listens.")] = 8001,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
) -> None:  # fmt: skip
    """Run one service by itself against servers that run already."""
    if service not in SERVICES:
        raise fail(f"There is no service called {service}. There are: {', '.join(SERVICES)}")
    at = installation(data)
    configure_logging(json=True)
    asyncio.run(create_topics(at.cluster))
    built = SERVICES[service].build(at.settings(operations.database(at, service)))
    uvicorn.run(built, host=host, port=port, log_level="warning", timeout_graceful_shutdown=5, server_header=False)


@imports.command("cfpb")
def import_cfpb(files: list[Path], data: Data = None, as_json: Json = False) -> None:
    """Import Consumer Complaint Database files, in any layout; run again it adds nothing."""
    at = installation(data)
    done: dict[str, Any] = {}
    headers = {"Authorization": f"Bearer {at.token('machine', 'recourse import')}"}
    with httpx.Client(base_url=at.url, headers=headers, timeout=120) as client, bars() as progress:
        for path in files:
            if not path.is_file():
                raise fail(f"{path} is not a file.")
            task = progress.add_task(path.name, total=cfpb.count_rows(path))
            try:
                done[str(path)] = cfpb.import_file(client, path, lambda n, task=task: progress.advance(task, n))  # type: ignore[misc]
            except httpx.HTTPError as error:
                raise fail(f"{at.url} did not answer ({type(error).__name__}). Run the same command again.") from None
            except cfpb.Refused as error:
                raise fail(str(error)) from None
    if as_json:
        sys.stdout.write(json.dumps({name: asdict(totals) for name, totals in done.items()}) + "\n")
        return
    table = Table("File", "Rows", "Accepted", "Duplicate", "Refused", "Known before", box=None)
    for name, totals in done.items():
        counts = (totals.rows, totals.accepted, totals.duplicate, totals.refused, totals.known)
        table.add_row(name, *(f"{n:,}" for n in counts))
    console.print(table)
    for name, totals in done.items():
        for refusal in totals.refusals:
            console.print(f"{name}:{refusal['line']}: {'; '.join(refusal['reasons'])}", highlight=False)
    if not all(totals.complete for totals in done.values()):
        raise fail("Rows are missing from the ledger.")


@app.command()
def rebuild(
    view: Annotated[str | None, typer.Argument(help="SERVICE or SERVICE.VIEW; all without it.")] = None,
    verify: Annotated[bool, typer.Option(help="Compare with the live view; switch only if equal.")] = False,
    data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Build views again from Kafka, beside the live ones, and switch."""
    at = installation(data)
    results = []
    try:
        wanted = operations.chosen(view)
    except KeyError as unknown:
        raise fail(str(unknown.args[0])) from None
    with bars() as progress:
        for service, one in wanted:
            task = progress.add_task(f"{service.name}.{one.name}", total=None)

            def show(done: int, total: int, task: Any = task) -> None:
                progress.update(task, completed=done, total=total)

            made = asyncio.run(operations.rebuild_view(at, service, one, verify=verify, progress=show))
            results.append({"service": service.name, **asdict(made)})
    if as_json:
        sys.stdout.write(json.dumps(results) + "\n")
    else:
        table = Table("View", "Records", "Rows", "Equal to live" if verify else "", "Switched", box=None)
        for made_ in results:
            equal = ("no" if made_["differences"] else "yes") if verify else ""
            switched = "yes" if made_["switched"] else "no"
            table.add_row(
                f"{made_['service']}.{made_['view']}", f"{made_['records']:,}", f"{made_['rows']:,}", equal, switched
            )
        console.print(table)
        for made_ in results:
            for difference in made_["differences"]:
                console.print(f"differs: {difference}", highlight=False)
    if any(made_["differences"] for made_ in results):
        raise typer.Exit(1)


@app.command()
def lag(data: Data = None, as_json: Json = False) -> None:
    """How far every view and policy is behind Kafka."""
    found = asyncio.run(operations.lags(installation(data)))
    if as_json:
        sys.stdout.write(json.dumps([asdict(one) for one in found]) + "\n")
        return
    table = Table("Consumer", "Behind", "Dead letters", box=None)
    for one in found:
        table.add_row(one.consumer, f"{one.behind:,}", f"{one.dead:,}")
    console.print(table)


@dead.command("list")
def dead_list(data: Data = None, as_json: Json = False) -> None:
    """Every record that was set aside, with why."""
    letters = asyncio.run(dead_letters(installation(data).cluster))
    rows = [
        {"group": x.group, "offset": x.offset, "source": x.source, "type": x.type, "error": x.error} for x in letters
    ]
    if as_json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    table = Table("Consumer", "Number", "Source", "Type", "Error", box=None)
    for row in rows:
        table.add_row(*map(str, row.values()))
    console.print(table if rows else "No record was set aside.")


@dead.command("show")
def dead_show(group: str, number: int, data: Data = None) -> None:
    """One record as it is: headers, and the value with its sealed fields closed."""
    for letter in asyncio.run(dead_letters(installation(data).cluster)):
        if (letter.group, letter.offset) == (group, number):
            for name, value in letter.headers:
                console.print(f"{name}: {value.decode('utf-8', 'replace')}", highlight=False)
            console.print((letter.value or b"").decode("utf-8", "replace"), highlight=False, markup=False)
            return
    raise fail(f"{group} has set nothing aside under number {number}. `recourse dead list` shows what there is.")


@dead.command("replay")
def dead_replay(data: Data = None) -> None:
    """Fold what was set aside again: its views are rebuilt with the code of today."""
    at = installation(data)
    letters = asyncio.run(dead_letters(at.cluster))
    done = asyncio.run(operations.replay(at, letters))
    console.print(f"{done} of {len(letters)} records were read again with their views.")


@app.command()
def erase(
    person: str, reason: Annotated[str, typer.Option(help="The ground; names nobody.")] = "GDPR Article 17",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, data: Data = None,
) -> None:  # fmt: skip
    """Destroy a person's key: their words and names are gone everywhere, the figures stay."""
    at = installation(data)
    if not yes:
        typer.confirm(f"Erase person {person}? Their complaints keep their figures. This cannot be undone.", abort=True)
    headers = {"Authorization": f"Bearer {at.token('compliance', 'recourse erase')}"}
    answer = httpx.post(f"{at.url}/api/v1/people/{person}/erasure", json={"reason": reason}, headers=headers)
    if answer.status_code != 200:
        raise fail(answer.json().get("detail", f"the service answered {answer.status_code}"))
    console.print(f"Erased person {person}.")


@tokens.command("create")
def token_create(
    role: Annotated[str, typer.Option(help="What it may do, for example machine.")] = "machine",
    name: Annotated[str, typer.Option(help="Shown in the audit trail.")] = "integration", data: Data = None,
) -> None:  # fmt: skip
    """Make a token for `Authorization: Bearer ...`."""
    from shared.identity import STAFF  # noqa: PLC0415

    if role not in STAFF | {"machine"}:
        raise fail(f"There is no role called {role}. There are: machine, {', '.join(sorted(STAFF))}")
    sys.stdout.write(installation(data).token(role, name) + "\n")


def main() -> None:
    """The command, with a sentence where a server does not answer."""
    try:
        app()
    except (KafkaError, psycopg.OperationalError, httpx.TransportError) as error:
        fail(f"A server did not answer ({type(error).__name__}). Is the installation running? `recourse up` starts it.")
        sys.exit(1)
