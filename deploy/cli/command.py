"""The `recourse` command: each group of its commands is a module beside this one."""

import asyncio
import logging
import os
import sys
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import httpx
import psycopg
import typer
import uvicorn
from aiokafka.errors import KafkaError

from deploy.cli import config, operations, preparation
from deploy.cli.access import accounts, tokens
from deploy.cli.audit import audit
from deploy.cli.bus import dead_letters
from deploy.cli.console import Data, Refused, console, fail, installation
from deploy.cli.data import contracts, demo, imports, screenshots
from deploy.cli.keys import keys, rotation
from deploy.cli.people import erasure
from deploy.cli.recovery import backup, restore
from deploy.cli.tracing import export_traces
from deploy.cli.up import up as start_all
from deploy.cli.views import views
from deploy.embedded.errors import EmbeddedServerError
from deploy.gateway import server
from deploy.installation import DEFAULT_PORT, NAMED, NotRunning, data_folder
from deploy.services import SERVICES
from shared.events.unsealing import MasterKeyNotValid
from shared.features.config import ConfigNotValid, use
from shared.kafka.chain import GapFound
from shared.kafka.topics import create_topics
from shared.keys.master_keys import WrongMasterKey
from shared.projections.rebuild import LogCutShort
from shared.telemetry import configure_logging

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
for name, group in {
    "import": imports, "dead": dead_letters, "token": tokens, "account": accounts, "audit": audit,
    "contracts": contracts, "keys": keys, "config": config,
}.items():  # fmt: skip
    app.add_typer(group.app, name=name)
for alone in (demo, screenshots, erasure, views, preparation, backup, restore):
    app.add_typer(alone.app)
app.add_typer(restore.kafka, name="kafka")
SENTENCES = (
    Refused, ConfigNotValid, EmbeddedServerError, GapFound, LogCutShort, MasterKeyNotValid, NotRunning, WrongMasterKey,
)  # fmt: skip
"""Errors whose message is for the operator as it is."""


def _version(asked: bool) -> None:
    if asked:
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
        use(Path(folder))


@app.command()
def up(
    data: Data = None,
    port: Annotated[int, typer.Option(min=1, max=65_535, envvar="RECOURSE_PORT")] = DEFAULT_PORT,
) -> None:
    """Run everything on this machine until Ctrl-C."""
    export_traces("recourse")
    try:
        start_all(data_folder(data), port, console)
    except (KafkaError, psycopg.OperationalError) as error:
        raise fail(_unanswered(error, [name for name in NAMED if os.environ.get(name)])) from None
    except KeyboardInterrupt:
        raise typer.Exit from None


@app.command()
def serve(
    service: str, data: Data = None,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Where it listens.")] = 8001,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
) -> None:  # fmt: skip
    """Run one service by itself against servers that run already."""
    if service not in SERVICES:
        raise fail(f"There is no service called {service}. There are: {', '.join(SERVICES)}")
    at = installation(data)
    configure_logging(json=True)
    export_traces(service)
    asyncio.run(create_topics(at.cluster))
    url = operations.database(at, service)
    rotation.check(url, at.masters())
    built = SERVICES[service].build(at.settings(url))
    # Not uvloop, where one is installed: there a connection to Kafka that closes ends aiokafka's reading for good.
    uvicorn.run(
        built,
        host=host,
        port=port,
        loop="asyncio",
        log_level="warning",
        timeout_graceful_shutdown=5,
        **server.options(),
    )


def main() -> None:
    """The command, with a sentence where a server does not answer, or a file or a setting cannot be used."""
    try:
        app()
    except (KafkaError, psycopg.OperationalError, httpx.TransportError) as error:
        logging.disable()  # clients that are dropped before they were open say so
        named = [*NAMED, "RECOURSE_URL"] if all(map(os.environ.get, NAMED)) else []
        fail(_unanswered(error, named) + ("" if named else " Is the installation running? `recourse up` starts it."))
    except OSError as error:
        where = f"{error.filename} cannot be used: {error.strerror}" if error.filename else str(error)
        fail(f"{where}. Name another, or see to it that you may use it.")
    except SENTENCES as error:
        fail(str(error))
    sys.exit(1)


def _unanswered(error: Exception, named: Collection[str]) -> str:
    """The server and where it was looked for: as a variable says, if that is one of the `named`."""
    why, where = type(error).__name__, ""
    if isinstance(error, httpx.TransportError):
        server, variable, where = "Recourse", "RECOURSE_URL", error.request.url.netloc.decode()
    elif isinstance(error, KafkaError):
        server, variable = "Kafka", "RECOURSE_KAFKA"
        where = os.environ[variable] if variable in named else ""
    else:
        server, variable = "PostgreSQL", "RECOURSE_POSTGRES"
        why = str(error).partition("\n")[0]  # has the address, without the password
    asked = f" Is {variable} right, and does it run?" if variable in named else ""
    return f"{server}{' at ' if where else ''}{where} did not answer ({why}).{asked}"
