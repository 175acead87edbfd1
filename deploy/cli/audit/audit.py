"""`recourse audit`: is the log what was written?"""

import asyncio
from dataclasses import asdict

import typer
from rich.text import Text

from deploy.cli.audit import evidence
from deploy.cli.console import Data, Json, console, errors, installation, write_json
from deploy.cli.operations import databases
from services.reporting.audit.check import plain
from services.reporting.audit.verify import verify as verify_all

app = typer.Typer(no_args_is_help=True, help="Prove that the log is what was written.")
app.add_typer(evidence.app)


@app.command()
def verify(data: Data = None, as_json: Json = False) -> None:
    """Walk every topic and every event table, and name each record that was changed, lost or added."""
    at = installation(data)
    with errors.status("Reading every topic and every event table"):
        found = asyncio.run(verify_all(at.cluster, databases(at)))
    if as_json:
        write_json(asdict(found))
    else:
        for finding in found.findings:
            console.print(Text(plain(str(finding)), style="red"), soft_wrap=True)
        console.print(
            f"{found.records:,} records and {found.events:,} stored events were read ({found.waiting:,} wait):"
            f" {len(found.findings) or 'no'} findings."
        )
    if found.findings:
        raise typer.Exit(1)
