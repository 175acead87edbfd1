"""`recourse import cfpb`: sends the rows of files to intake, which knows what it has seen; stop and start at will."""

import csv
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

CHUNK = 500
csv.field_size_limit(10_000_000)
Advance = Callable[[int], None]


@dataclass
class Totals:
    """The result of importing one file."""

    rows: int = 0
    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    known: int = 0
    refusals: list[dict[str, Any]] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Nothing was silently dropped."""
        return self.rows == self.accepted + self.duplicate + self.refused + self.known


class Refused(Exception):
    """The file is no such file, or the service did not take the rows; the message says why."""


def import_file(client: httpx.Client, path: Path, advance: Advance) -> Totals:
    """Send every row in order; rows that an earlier run has brought in are counted as known."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    header, rows = _open(path)
    totals, first = Totals(), 0
    for chunk in _chunks(rows):
        body = {
            "file": digest, "name": path.name, "header": header, "first": first,
            "lines": [line for line, _ in chunk], "rows": [row for _, row in chunk],
        }  # fmt: skip
        answer = client.post("/api/v1/complaints/imports/cfpb", json=body)
        if answer.status_code != 200:
            raise Refused(_why(answer))
        found = answer.json()
        for name in ("accepted", "duplicate", "refused", "known"):
            setattr(totals, name, getattr(totals, name) + found[name])
        totals.refusals += found["refusals"]
        totals.rows += len(chunk)
        first += len(chunk)
        advance(len(chunk))
    return totals


def count_rows(path: Path) -> int:
    """For the progress bar; raises Refused where the file cannot be imported."""
    from services.intake.importing.cfpb import COLUMNS  # noqa: PLC0415 - the code of intake, which not every command needs

    if not path.is_file():
        raise Refused(f"{path} is not a file.")
    try:
        header, rows = _open(path)
        count = sum(1 for _ in rows)
    except (OSError, csv.Error) as error:
        raise Refused(f"{path} cannot be read ({error}).") from None
    if not COLUMNS.keys() & {title.strip().lower() for title in header}:
        raise Refused(f"{path} has none of the columns of the Consumer Complaint Database.")
    return count


def _open(path: Path) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        begins = file.read(1000).lstrip()[:1]
    if path.suffix in (".ndjson", ".jsonl") or begins in ("{", "["):
        return _open_ndjson(path)
    file = path.open(newline="", encoding="utf-8-sig", errors="replace")
    reader = csv.reader(file)
    header = next(reader, [])
    return header, ((reader.line_num, row) for row in reader if row)


def _open_ndjson(path: Path) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    lines = path.read_text(encoding="utf-8-sig", errors="replace").split("\n")
    records = [(number, _object(path, number, line)) for number, line in enumerate(lines, 1) if line.strip()]
    header = sorted({key for _, record in records for key in record})
    return header, ((number, [str(record.get(key) or "") for key in header]) for number, record in records)


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise Refused(f"{path}:{number}: this line is no JSON object. A file of JSON has one complaint on each line.")
    return record


def _chunks(rows: Iterator[tuple[int, list[str]]]) -> Iterator[list[tuple[int, list[str]]]]:
    chunk: list[tuple[int, list[str]]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _why(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError):
        return f"the service answered {answer.status_code}"
