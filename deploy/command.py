"""The `recourse` command: each group of its commands is a module beside this one."""

import asyncio
import os
import sys
from typing import Annotated

import httpx
import psycopg
import typer
import uvicorn
from aiokafka.errors import KafkaError

from deploy import (
    accounts,
    audit,
    backup,
    contracts,
    dead,
    demo,
    edge,
    erased,
    erasure,
    imports,
    keys,
    operations,
    preparation,
    restore,
    rotation,
    screenshots,
    tokens,
    views,
)
from deploy.console import Data, console, fail, installation
from deploy.embedded.errors import EmbeddedServerError
from deploy.installation import DEFAULT_PORT, data_folder
from deploy.services import SERVICES
from deploy.tracing import export_traces
from deploy.up import up as start_all
from shared.masters import MasterKeyNotValid, WrongMasterKey
from shared.telemetry import configure_logging
from shared.topics import create_topics

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Recourse, a complaint management system.",
)
for name, group in {
    "import": imports, "dead": dead, "token": tokens, "account": accounts, "audit": audit, "contracts": contracts,
    "keys": keys,
}.items():  # fmt: skip
    app.add_typer(group.app, name=name)
for alone in (demo, screenshots, views, erased, erasure, preparation, backup, restore):
    app.add_typer(alone.app)
app.add_typer(restore.kafka, name="kafka")


@app.command()
def up(
    data: Data = None,
    port: Annotated[int, typer.Option(help="Else RECOURSE_PORT, else 8000.")] = int(
        os.environ.get("RECOURSE_PORT") or DEFAULT_PORT
    ),
) -> None:
    """Run everything on this machine until Ctrl-C."""
    export_traces("recourse")
    try:
        start_all(data_folder(data), port, console)
    except EmbeddedServerError as error:
        raise fail(str(error)) from None
    except KeyboardInterrupt:
        raise typer.Exit from None


@app.command()
def serve(
    service: str, data: Data = None, port: Annotated[int, typer.Option(help="Where it listens.")] = 8001,
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
        built, host=host, port=port, loop="asyncio", log_level="warning", timeout_graceful_shutdown=5, **edge.server()
    )


def main() -> None:
    """The command, with a sentence where a file cannot be used or a server does not answer."""
    try:
        app()
    except (WrongMasterKey, MasterKeyNotValid) as error:
        fail(str(error))
        sys.exit(1)
    except OSError as error:
        if error.filename is None:
            raise
        fail(f"{error.filename}: {error.strerror}.")
        sys.exit(1)
    except (KafkaError, psycopg.OperationalError, httpx.TransportError) as error:
        fail(f"A server did not answer ({type(error).__name__}). Is the installation running? `recourse up` starts it.")
        sys.exit(1)
