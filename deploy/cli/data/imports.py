"""`recourse import`: complaints from files."""

import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import typer
from rich.table import Table

from deploy.cli.clients import SelfIssued
from deploy.cli.console import Data, Json, bars, console, fail, installation, write_json
from deploy.cli.data import cfpb

app = typer.Typer(no_args_is_help=True, help="Bring complaints in from files.")


@app.command("cfpb")
def import_cfpb(files: list[Path], data: Data = None, as_json: Json = False) -> None:
    """Import Consumer Complaint Database files, in any layout; run again it adds nothing."""
    at = installation(data)
    try:
        rows = {path: cfpb.count_rows(path) for path in files}
    except cfpb.Refused as error:
        raise fail(f"{error} Nothing was imported.") from None
    done: dict[str, Any] = {}
    auth = SelfIssued(at, "machine", "recourse import", f"token:{secrets.token_hex(4)}")
    with httpx.Client(base_url=at.url, auth=auth, timeout=120) as client, bars() as progress:
        for path in files:
            task = progress.add_task(path.name, total=rows[path])
            try:
                done[str(path)] = cfpb.import_file(client, path, lambda n, task=task: progress.advance(task, n))  # type: ignore[misc]
            except httpx.HTTPError as error:
                raise fail(f"{at.url} did not answer ({type(error).__name__}). Run the same command again.") from None
            except cfpb.Refused as error:
                raise fail(str(error)) from None
    if as_json:
        write_json({name: asdict(totals) for name, totals in done.items()})
    else:
        _show(done)
    if not all(totals.complete for totals in done.values()):
        raise fail("Rows are missing from the ledger.")
    if refused := [name for name, totals in done.items() if totals.rows and totals.refused == totals.rows]:
        raise fail(f"Every row was refused of {', '.join(refused)}.")


def _show(done: dict[str, Any]) -> None:
    table = Table("File", "Rows", "Accepted", "Duplicate", "Refused", "Known before", box=None)
    for name, totals in done.items():
        counts = (totals.rows, totals.accepted, totals.duplicate, totals.refused, totals.known)
        table.add_row(name, *(f"{n:,}" for n in counts))
    console.print(table)
    for name, totals in done.items():
        for refusal in totals.refusals:
            console.print(f"{name}:{refusal['line']}: {'; '.join(refusal['reasons'])}", highlight=False)
