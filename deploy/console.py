"""How every command speaks: options they share, errors as a sentence, progress."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from deploy.installation import Installation, NotRunning, data_folder, find

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
    try:
        return find(data_folder(data))
    except NotRunning as error:
        raise fail(str(error)) from None


def bars() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=errors
    )
