"""`recourse erase`, `hold`, `lift`, `certificate` and `purge`: a person is forgotten, the figures stay."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from deploy.cli import operations
from deploy.cli.clients import ask
from deploy.cli.console import Data, Json, console, errors, fail, installation, new_file
from deploy.cli.people.certificate import Certificate, certificate
from deploy.cli.people.certificate_text import preview, text
from deploy.installation import Installation
from deploy.services import SERVICES

app = typer.Typer()
PATIENCE = 120.0
"""Seconds to wait for every service to have done its part."""
PURGE_PATIENCE = 30.0
"""Seconds to wait for tables that are in use."""
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", help="Where the certificate goes, a new file; .json is for programs.", callback=new_file
    ),
]
Person = Annotated[UUID, typer.Argument(help="The person's id.")]


def _said(reason: str) -> str:
    if not reason.strip():
        raise fail("A reason has words: say why with --reason.")
    return reason


Reason = Annotated[str, typer.Option(help="Why; names nobody.", callback=_said)]


@app.command()
def erase(
    person: Person, reason: Reason = "GDPR Article 17",
    override_hold: Annotated[str | None, typer.Option(help="Why what holds their data is set aside.")] = None,
    preview_only: Annotated[bool, typer.Option("--preview", help="Only say what would go and stay.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, out: Out = None,
    as_json: Json = False, data: Data = None,
) -> None:  # fmt: skip
    """Destroy a person's key: their words and names are gone everywhere, the figures stay.

    What is going to happen is shown first. Where something requires their data, the erasure is deferred until that day.
    """
    at = installation(data)
    found = _ask(at, "GET", person, "erasure")
    shown = asyncio.run(certificate(at, person, datetime.now(UTC)))
    for line in preview(shown, found):
        errors.print(line, highlight=False, soft_wrap=True)
    if preview_only:
        return
    if not yes:
        typer.confirm("Erase this person? This cannot be undone.", abort=True, err=True)
    body = {"reason": reason} | ({"override_hold": override_hold} if override_hold else {})
    decided = _ask(at, "POST", person, "erasure", body)
    if decided["state"] == "deferred":
        names = ", ".join(hold["name"] for hold in decided["holds"])
        console.print(f"Deferred until {decided['until']}: {names}. It is done then by itself.", highlight=False)
        return
    with errors.status("Waiting until every service has done its part"):
        done = asyncio.run(_until_confirmed(at, person))
    _hand_out(done, out, as_json=as_json)


@app.command(name="certificate")
def certify(person: Person, out: Out = None, as_json: Json = False, data: Data = None) -> None:
    """Look in every service and in Kafka for what is there of an erased person."""
    at = installation(data)
    found = asyncio.run(certificate(at, person, datetime.now(UTC)))
    if found.proof is None and not found.destroyed:
        raise fail("This person was not erased.")
    _hand_out(found, out, as_json=as_json)


@app.command()
def hold(
    person: Person, until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day without it.")],
    reason: Reason, data: Data = None,
) -> None:  # fmt: skip
    """Keep a person's data until a day, whatever is asked."""
    _ask(installation(data), "PUT", person, "hold", {"until": f"{until:%Y-%m-%d}", "reason": reason})
    console.print(f"Held until {until:%Y-%m-%d}.", highlight=False)


@app.command()
def lift(person: Person, reason: Reason, data: Data = None) -> None:
    """End a hold before its day; rules of retention stay."""
    _ask(installation(data), "POST", person, "hold/lifting", {"reason": reason})
    console.print("The hold is lifted.")


@app.command()
def purge(data: Data = None) -> None:
    """Rewrite now, and not at night, the tables that an erasure has left something in.

    Nobody can use them meanwhile.
    """
    at, left, ends = installation(data), list[str](), time.monotonic() + PURGE_PATIENCE
    with errors.status("Rewriting tables"):
        for service in SERVICES:
            while (done := asyncio.run(operations.purge(at, service))).waiting and time.monotonic() < ends:
                time.sleep(0.5)
            left += [f"{service}.{table}" for table in done.waiting]
            if not done.log_cut:
                left.append(f"{service}'s write-ahead log, which its role may not switch")
    if left:
        raise fail(f"Something is left in {', '.join(left)}. Run `recourse purge` again once nothing uses it.")
    console.print("Nothing is left of what was erased.")


def _ask(at: Installation, method: str, person: UUID, what: str, body: Any = None) -> Any:
    return ask(at, "recourse erase", method, f"people/{person}/{what}", json=body)


async def _until_confirmed(at: Installation, person: UUID) -> Certificate:
    """Write the touched tables anew as soon as the views have taken the erasure in, rather than in the window."""
    ends = time.monotonic() + PATIENCE
    while True:
        found = await certificate(at, person, datetime.now(UTC))
        if found.confirmed or time.monotonic() > ends:
            return found
        for service, held in zip(SERVICES, found.services, strict=True):
            if held.folded and held.unwritten:
                await operations.purge(at, service)
        await asyncio.sleep(0.5)


def _hand_out(found: Certificate, out: Path | None, *, as_json: bool) -> None:
    """To the file and to the terminal; ends with status 1 unless every part is confirmed."""
    written = "\n".join(text(found)) + "\n"
    if out is not None:
        out.write_bytes(found.json() + b"\n" if out.suffix == ".json" else written.encode())
    typer.echo(found.json().decode() if as_json else written, nl=as_json)
    if found.destroyed:
        raise fail("No event of the erasure exists. `recourse erase` puts it on record again.")
    if not found.confirmed:
        raise fail("Not everything is confirmed. `recourse certificate` looks again.")
