"""`recourse contracts`: write what is published about events, and check that a change breaks no reader."""

import json
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.console import console, fail, write_json
from deploy.gateway.app import openapi
from deploy.installation import Installation
from deploy.services import SERVICES
from shared.events import EVENTS, wire_name
from shared.events.asyncapi import asyncapi, json_schema
from shared.events.contracts import breaks

app = typer.Typer(no_args_is_help=True, help="The published form of every event.")
Folder = Annotated[Path, typer.Argument(help="Where the schemas are kept.")]


@app.command()
def write(folder: Folder) -> None:
    """Write `asyncapi.json`, and the JSON Schema of every event that has none yet or changed compatibly."""
    (folder / "schemas").mkdir(parents=True, exist_ok=True)
    _dump(folder / "asyncapi.json", asyncapi())
    _refuse(broken(folder))
    for event in EVENTS.values():
        _dump(folder / "schemas" / f"{wire_name(event)}.json", json_schema(event))


@app.command()
def check(folder: Folder) -> None:
    """Compare the code with the schemas that were published; a change that breaks a reader needs a new version."""
    if not any((folder / "schemas").glob("*.json")):
        raise fail(f"There is no schema in {folder / 'schemas'}.")
    _refuse(broken(folder))
    console.print("Every published event can be read.")


@app.command("openapi")
def print_openapi() -> None:
    """Print the description of the HTTP API, all six services in one."""
    nowhere = Installation(postgres="", kafka="", master_key="00" * 32, secret="none")  # noqa: S106 - nothing is started
    apps = {name: service.build(nowhere) for name, service in SERVICES.items()}
    write_json(openapi(apps))


def broken(folder: Path) -> list[str]:
    """Why readers of the published schemas would fail."""
    now = {wire_name(event): json_schema(event) for event in EVENTS.values()}
    found = []
    for path in sorted((folder / "schemas").glob("*.json")):
        old = json.loads(path.read_text())
        type_, _, version = path.stem.rpartition(".v")
        if path.stem in now:
            found += breaks(old, now[path.stem])
        elif type_ not in EVENTS or int(version) not in EVENTS[type_].upcasts:
            found.append(f"{path.stem} was published and can no longer be read")
    return found


def _refuse(found: list[str]) -> None:
    if found:
        raise fail("\n".join([*found, "Give the event a new version and an upcast."]))


def _dump(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
