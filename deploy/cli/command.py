"""The `recourse` command: a table of commands, of which only the one that is asked for is imported."""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

COMMANDS = {
    "up": ("serving", "Run everything on this machine until Ctrl-C."),
    "serve": ("serving", "Run one service by itself against servers that run already."),
    "import": ("data.imports", "Bring complaints in from files."),
    "dead": ("bus.dead_letters", "Records that a view or policy could not take in."),
    "token": ("access.tokens", "Tokens for machines."),
    "account": ("access.accounts", "Accounts of staff."),
    "audit": ("audit.audit", "Prove that the log is what was written."),
    "contracts": ("data.contracts", "The published form of every event."),
    "keys": ("keys.keys", "People's keys, and the master key that wraps them."),
    "config": ("config", "The firm's code lists and rules."),
    "demo": ("data.demo", "Fill an empty installation with a year of invented history, marked as such."),
    "screenshots": ("data.screenshots", "Photograph every page of a running installation that the demo has filled."),
    "erase": ("people.erasure", "Destroy a person's key: their words and names are gone everywhere, the figures stay."),
    "certificate": ("people.erasure", "Look in every service and in Kafka for what is there of an erased person."),
    "hold": ("people.erasure", "Keep a person's data until a day, whatever is asked."),
    "lift": ("people.erasure", "End a hold before its day; rules of retention stay."),
    "purge": ("people.erasure", "Rewrite now, and not at night, the tables that an erasure has left something in."),
    "erased": ("recovery.erased", "List the ids of everybody who was erased, for `recourse restore --erased`."),
    "rebuild": ("views.views", "Build views again from Kafka, beside the live ones, and switch."),
    "lag": ("views.views", "Show how far every view and policy is behind Kafka."),
    "secrets": ("preparation", "Make the secret files that containers are given; what is there already is kept."),
    "prepare": ("preparation", "Make the topics, and for each service a role and a database that it alone may use."),
    "backup": ("recovery.backup", "Write a backup of everything that cannot be rebuilt, while the installation runs."),
    "restore": ("recovery.restore", "Bring a backup back, with all that Kafka still has of what came after it."),
    "kafka": ("recovery.restore", "Kafka, where it has lost something."),
}
"""Name -> module, and what the list of commands says of it."""


class Commands(TyperGroup):
    """The list is made of the table."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] in COMMANDS:
            self.commands[args[0]] = load(args[0])
        return super().resolve_command(ctx, args)


def load(name: str) -> Any:
    """The command of this name, or the group: a module has either."""
    group = typer.main.get_group(import_module(f"deploy.cli.{COMMANDS[name][0]}").app)
    return group.commands.get(name, group)


app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
for _name, (_, _words) in COMMANDS.items():
    app.command(_name, help=_words)(lambda: None)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # noqa: PLC0415 - slow, and rarely asked for

        typer.echo(f"recourse {version('recourse')}")
        raise typer.Exit


@app.callback()
def recourse(
    _: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Recourse, a complaint management system."""
    if folder := os.environ.get("RECOURSE_CONFIG"):
        from shared.features.config import use  # noqa: PLC0415 - the list of commands needs none of it

        use(Path(folder))


def main() -> None:
    """The command, with a sentence where a server does not answer, or a file or a setting cannot be used."""
    try:
        app()
    except Exception as error:
        from deploy.cli.failures import told  # noqa: PLC0415 - it knows the errors of every library

        if not told(error):
            raise
        sys.exit(1)
