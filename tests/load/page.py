"""Figures as text, as JSON, and as the tables of docs/performance.md and docs/scaling.md."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.load import scaling
from tests.load.measuring import ROOT, Figure, Run

FIGURES = ROOT / "docs" / "performance.json"
PERFORMANCE, SCALING = ROOT / "docs" / "performance.md", ROOT / "docs" / "scaling.md"
ARITHMETIC = {"acceptance", "end-to-end", "relay", "letters"}
"""Whose figures docs/scaling.md reckons with."""
BLOCK = "<!-- figures: {} -->\n{}<!-- end of figures -->"


def read(path: Path) -> dict[str, Run]:
    return {name: Run.read(found) for name, found in json.loads(path.read_text()).items()}


def write(path: Path, runs: Mapping[str, Run]) -> None:
    path.write_text(json.dumps({name: run.json() for name, run in runs.items()}, indent=1) + "\n")


def keep(run: Run) -> None:
    """In the figures that the pages show, beside those of the other benchmarks; then write the pages anew."""
    write(FIGURES, kept() | {run.name: run})
    for path, text in pages().items():
        path.write_text(text)


def kept() -> dict[str, Run]:
    """None before the first run that was told to write the pages."""
    return read(FIGURES) if FIGURES.exists() else {}


def pages() -> dict[Path, str]:
    """Both pages as the kept figures have them."""
    runs = kept()
    tables = {name: table(run) for name, run in runs.items()}
    made = {PERFORMANCE: filled(PERFORMANCE.read_text(), tables)}
    if ARITHMETIC.issubset(runs):
        made[SCALING] = filled(SCALING.read_text(), {name: block(runs) for name, block in scaling.BLOCKS.items()})
    return made


def filled(text: str, tables: Mapping[str, str]) -> str:
    """The page with each table in the place that is marked for it."""
    for name, made in tables.items():
        place = re.compile(BLOCK.format(re.escape(name), "(?:.*\n)*?"))
        text = place.sub(lambda _, name=name, made=made: BLOCK.format(name, made), text)  # type: ignore[misc]
    return text


def table(run: Run) -> str:
    """In Markdown."""
    rows = "".join(f"| {' | '.join(cells)} |\n" for cells in _rows(run))
    machine = ", ".join(f"{name} {value}" for name, value in run.machine.items())
    return (
        f"\n| What | Figure | Limit in the same run | Times the limit |\n| --- | ---: | ---: | ---: |\n{rows}"
        f"\n*{run.date}, commit {run.commit}; {machine}.*\n\n"
    )


def _rows(run: Run) -> Iterator[tuple[str, str, str, str]]:
    for one in run.figures:
        limit = "" if one.limit is None else f"{number(one.limit)} {one.unit}: {one.beside}"
        yield one.what, f"{number(one.value)} {one.unit}".strip(), limit, ratio(one)


def text(run: Run, before: Run | None) -> str:
    """In columns for a terminal, with the change since an earlier run."""
    width = max(len(one.what) for one in run.figures)
    known = {one.what: one.value for one in before.figures} if before else {}
    lines = []
    for one in run.figures:
        limit = f"  limit {number(one.limit)} ({one.beside}): {ratio(one)} times" if one.limit is not None else ""
        was = known.get(one.what)
        change = f"  {one.value / was - 1:+.0%}, was {number(was)}" if was else ""
        lines.append(f"  {one.what:{width}}  {number(one.value):>10} {one.unit:6}{change}{limit}\n")
    return "".join(lines)


def number(value: float) -> str:
    """Two or three digits that mean something."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.2g}"


def ratio(one: Figure) -> str:
    return "" if one.ratio is None else number(one.ratio)
