"""What a run says: a line for each fault while it goes, a table and `chaos-report.json` at its end."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.chaos.checks import Verdict

MOST = 20
"""Examples of what did not hold; the counts are complete."""


@dataclass(frozen=True)
class Happened:
    """One fault as it was. `answered` counts requests and rows of the file, duplicates among them. `recovered` is in
    seconds from its end until a new complaint was in every view and all was ready, None where that did not happen in
    time."""

    number: int
    kind: str
    target: str
    at: str
    answered: int
    lag: int
    unanswered: int
    lasted: float
    came_of_it: str
    recovered: float | None
    brought_about: bool = True


def summary(
    happened: Sequence[Happened], verdict: Verdict, wrong: dict[str, list[str]], facts: dict[str, Any]
) -> dict[str, Any]:
    """All of it as plain data; `holds` only where every check did."""
    lists = {
        "lost": verdict.lost, "doubled": verdict.doubled, "disordered": verdict.disordered,
        "different": verdict.different, "unverified": verdict.unverified, "not_set_aside": verdict.not_set_aside,
        **wrong,
    }  # fmt: skip
    times = [one.recovered for one in happened if one.recovered is not None]
    return {
        "holds": not any(lists.values()),
        "faults": len(happened),
        "accepted": verdict.accepted,
        **{name: len(found) for name, found in lists.items()},
        "longest_recovery": max(times, default=None),
        "records": verdict.records,
        "views_rebuilt_and_compared": verdict.views,
        "strangers_named_by_the_audit": verdict.strangers,
        "by_kind": {kind: _of_kind([one for one in happened if one.kind == kind]) for kind in _kinds(happened)},
        **facts,
        "examples": {name: found[:MOST] for name, found in lists.items() if found},
        "every_fault": [asdict(one) for one in happened],
    }


def write(made: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(made, indent=1, default=str) + "\n")


def show(made: dict[str, Any], console: Console) -> None:
    table = Table("Kind", "Times", "Longest recovery", box=None)
    for kind, found in made["by_kind"].items():
        longest = found["longest_recovery"]
        table.add_row(kind, str(found["times"]), "never" if longest is None else f"{longest:.1f} s")
    console.print(table)
    table = Table(box=None, show_header=False)
    for name, value in made.items():
        if isinstance(value, int | float | str | list) and name not in ("every_fault",):
            table.add_row(name.replace("_", " "), ", ".join(map(str, value)) if isinstance(value, list) else str(value))
    console.print(table)
    for name, found in made["examples"].items():
        for one in found:
            console.print(f"[red]{name}[/red]: {one}", highlight=False)


def _kinds(happened: Sequence[Happened]) -> list[str]:
    return sorted({one.kind for one in happened})


def _of_kind(happened: Sequence[Happened]) -> dict[str, Any]:
    times = [one.recovered for one in happened]
    known = [seconds for seconds in times if seconds is not None]
    return {"times": len(times), "longest_recovery": max(known) if len(known) == len(times) else None}
