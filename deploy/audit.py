"""`recourse audit`: is the log what was written?"""

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.installation import NotRunning, data_folder, find
from deploy.operations import database
from services.reporting.verify import verify as verify_all
from shared.events import OWNERS

app = typer.Typer(no_args_is_help=True, help="Prove that the log is what was written.")


@app.callback()
def audit() -> None:
    """Prove that the log is what was written."""


@app.command()
def verify(
    data: Annotated[
        Path | None, typer.Option("--data", help="The data folder; else RECOURSE_DATA, else .data.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Walk every topic and every event table, and name each record that was changed, lost or added."""
    console = Console(stderr=True)
    try:
        installation = find(data_folder(data))
    except NotRunning as error:
        console.print(f"[red]Error:[/red] {error}", highlight=False)
        raise typer.Exit(1) from None
    databases = {service: database(installation, service) for service in sorted(set(OWNERS.values()))}
    with console.status("Reading every topic and every event table"):
        found = asyncio.run(verify_all(installation.cluster, databases))
    if as_json:
        sys.stdout.write(json.dumps(asdict(found)) + "\n")
    else:
        for finding in found.findings:
            console.print(f"[red]{finding}[/red]", highlight=False)
        console.print(
            f"{found.records:,} records and {found.events:,} stored events were read ({found.waiting:,} wait):"
            f" {len(found.findings) or 'no'} findings."
        )
    if found.findings:
        raise typer.Exit(1)
