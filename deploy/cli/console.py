"""Shared parts of commands: options, errors as a sentence, progress."""

import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from deploy.installation import Installation, data_folder, find
from shared.text import NotPlain, one_line

LONGEST = 200
console = Console()
errors = Console(stderr=True)

Data = Annotated[Path | None, typer.Option("--data", help="The data folder; else RECOURSE_DATA, else .data.")]
Json = Annotated[bool, typer.Option("--json", help="For scripts.")]


def fail(message: str) -> typer.Exit:
    """Say what went wrong; raise what is answered."""
    errors.print("[red]Error:[/red]", Text(message), highlight=False, soft_wrap=True)
    return typer.Exit(1)


def installation(data: Path | None) -> Installation:
    """The one that the options or the environment name."""
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


def bars() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=errors
    )
