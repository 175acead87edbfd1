"""`recourse import`: sends the rows of files to intake, which knows what it has seen; stop and start at will."""

import csv
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import typer

from deploy.cli.clients import SelfIssued, accepted
from deploy.cli.console import Data, Json, Refused, bars, console, fail, installation, print_table, write_json

app = typer.Typer(no_args_is_help=True, help="Bring complaints in from files.")
CHUNK = 500
csv.field_size_limit(10_000_000)
Rows = Iterator[tuple[int, list[str]]]
"""Each with its line."""


@dataclass
class Totals:
    """The result of importing one file; rows that an earlier run has brought in are `known`."""

    rows: int = 0
    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    known: int = 0
    refusals: list[dict[str, Any]] = field(default_factory=list)


@app.command("cfpb")
def import_cfpb(files: list[Path], data: Data = None, as_json: Json = False) -> None:
    """Import Consumer Complaint Database files, in any layout; run again it adds nothing."""
    at = installation(data)
    rows = {path: count_rows(path) for path in files}
    auth = SelfIssued(at, "machine", "recourse import", f"token:{secrets.token_hex(4)}")
    with httpx.Client(base_url=at.url, auth=auth, timeout=120) as client, bars() as say:
        done = {
            str(path): import_file(client, path, lambda count, path=path: say(path.name, count, rows[path]))  # type: ignore[misc]
            for path in files
        }
    if as_json:
        write_json({name: asdict(totals) for name, totals in done.items()})
    else:
        titles = ("File", "Rows", "Accepted", "Duplicate", "Refused", "Known before")
        counts = [(t.rows, t.accepted, t.duplicate, t.refused, t.known) for t in done.values()]
        print_table(titles, [(name, *count) for name, count in zip(done, counts, strict=True)])
        for name, totals in done.items():
            for refusal in totals.refusals:
                console.print(f"{name}:{refusal['line']}: {'; '.join(refusal['reasons'])}", highlight=False)
    if any(t.rows != t.accepted + t.duplicate + t.refused + t.known for t in done.values()):
        raise fail("Rows are missing from the ledger.")
    if refused := [name for name, totals in done.items() if totals.rows and totals.refused == totals.rows]:
        raise fail(f"Every row was refused of {', '.join(refused)}.")


def count_rows(path: Path) -> int:
    """Look at the whole file; raises `Refused` where it cannot be imported."""
    from services.intake.importing.cfpb import COLUMNS  # noqa: PLC0415 - the code of intake, which not every command needs

    try:
        header, rows = _open(path)
        count = sum(1 for _ in rows)
    except (OSError, csv.Error) as error:
        raise Refused(f"{path} cannot be read ({error}). Nothing was imported.") from None
    if not COLUMNS.keys() & {title.strip().lower() for title in header}:
        raise Refused(f"{path} has none of the columns of the Consumer Complaint Database. Nothing was imported.")
    return count


def import_file(client: httpx.Client, path: Path, advance: Callable[[int], None]) -> Totals:
    """Send every row in order; `advance` is told how many were sent."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    header, rows = _open(path)
    totals = Totals()
    while chunk := list(islice(rows, CHUNK)):
        body = {
            "file": digest, "name": path.name, "header": header, "first": totals.rows,
            "lines": [line for line, _ in chunk], "rows": [row for _, row in chunk],
        }  # fmt: skip
        for name, found in accepted(client.post("/api/v1/complaints/imports/cfpb", json=body)).json().items():
            setattr(totals, name, getattr(totals, name) + found)
        totals.rows += len(chunk)
        advance(totals.rows)
    return totals


def _open(path: Path) -> tuple[list[str], Rows]:
    file = path.open(newline="", encoding="utf-8-sig", errors="replace")
    begins = file.read(1000).lstrip()[:1]
    file.seek(0)
    if path.suffix in (".ndjson", ".jsonl") or begins in ("{", "["):
        lines = file.read().split("\n")
        records = [(number, _object(path, number, line)) for number, line in enumerate(lines, 1) if line.strip()]
        header = sorted({key for _, record in records for key in record})
        return header, ((number, [str(record.get(key) or "") for key in header]) for number, record in records)
    reader = csv.reader(file)
    return next(reader, []), ((reader.line_num, row) for row in reader if row)


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    with suppress(ValueError):
        if isinstance(record := json.loads(line), dict):
            return record
    raise Refused(
        f"{path}:{number}: this line is no JSON object. A file of JSON has one complaint on each line."
        " Nothing was imported."
    )
