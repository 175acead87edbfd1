"""`recourse config`: check the code lists and rules that the firm keeps."""

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.console import console, fail
from deploy.services import SERVICES
from shared.features import config

app = typer.Typer(no_args_is_help=True, help="The firm's code lists and rules.")


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(envvar="RECOURSE_CONFIG", help="Its files stand in for ours.")],
) -> None:
    """Say file, line and rule of everything that is wrong."""
    config.use(None)
    for name in SERVICES:
        import_module(f"services.{name}.app")
    config.use(folder)
    there = sorted(path for path in folder.iterdir() if path.is_dir() or path.suffix == ".toml")
    known = ", ".join(sorted(config.CONFIG))
    found = [f"{path}: nothing reads it. There are: {known}" for path in there if path.name not in config.CONFIG]
    try:
        config.check()
    except config.ConfigNotValid as error:
        found.append(str(error))
    if found:
        raise fail("\n".join(found))
    console.print("Every list and rule can be used.")
