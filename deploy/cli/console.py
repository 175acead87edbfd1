"""Shared parts of commands: options, errors as a sentence, tables, progress."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from deploy.installation import Installation, data_folder, find
from shared.text import NotPlain, one_line

LONGEST = 200
console = Console()
errors = Console(stderr=True)

Data = Annotated[Path | None, typer.Option("--data", help="The data folder; else RECOURSE_DATA, else .data.")]
Json = Annotated[bool, typer.Option("--json", help="For scripts.")]
Say = Callable[[str, int, int | None], None]
"""The step under way, how much of it is done, and of how much."""


class Refused(Exception):
    """The refusal of a command; the message says why."""


def fail(message: str) -> typer.Exit:
    """Say what went wrong; raise what is answered."""
    errors.print("[red]Error:[/red]", Text(message), highlight=False, soft_wrap=True)
    return typer.Exit(1)


def installation(data: Path | None) -> Installation:
    """The one that the options or the environment name; raises `NotRunning`."""
    return find(data_folder(data))


def write_json(value: Any) -> None:
    """One line, for scripts."""
    sys.stdout.write(json.dumps(value) + "\n")


def new_file(path: Path | None) -> Path | None:
    """Of every `-o`, before anything is done: it replaces nothing, and it can be written."""
    if path is not None:
        try:
            path.touch(exist_ok=False)
            path.unlink()
        except FileExistsError:
            raise fail(f"{path} is there already, and nothing is written over it: choose another name.") from None
        except OSError as error:
            raise fail(f"{path} cannot be written: {error.strerror}. Choose another place.") from None
    return path


def plain(text: str | None) -> str | None:
    """Of what is stored or shown."""
    if len(text or "") > LONGEST:
        raise fail(f"A name has at most {LONGEST} characters.")
    try:
        return text and one_line(text)
    except NotPlain as error:
        raise fail(f"{text!r} cannot be kept: {error}.") from None


def address(text: str) -> str:
    """One that mail can be sent to; a house's own servers may have names without a dot."""
    plain(text)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", text):
        raise fail(f"{text} is no e-mail address.")
    return text


def print_table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    table = Table(*titles, box=None)
    for row in rows:  # whatever a cell holds is text and no markup
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else escape(str(cell)) for cell in row))
    console.print(table)


@contextmanager
def bars() -> Iterator[Say]:
    """A bar for each step."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=errors) as progress:

        def say(step: str, done: int, total: int | None) -> None:
            if step not in tasks:
                tasks[step] = progress.add_task(step, total=total)
            progress.update(tasks[step], completed=done, total=total)

        yield say
