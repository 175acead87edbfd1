"""`recourse up`: everything on this machine, from nothing, until Ctrl-C; `recourse serve`: one service by itself."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from rich.table import Table

from deploy.cli.console import Data, console, fail, installation
from deploy.cli.keys import rotation
from deploy.cli.operations import database
from deploy.embedded.kafka import ensure_free, free
from deploy.embedded.servers import servers
from deploy.gateway.app import gateway
from deploy.gateway.server import options
from deploy.installation import DEFAULT_PORT, NAMED, ROLES, Installation, data_folder, seed
from deploy.services import SERVICES
from shared.kafka.topics import create_topics
from shared.telemetry import configure_logging

app = typer.Typer()
PLACES = {
    "/complain": "make a complaint", "/cases": "the caseload", "/social": "the social inbox", "/surveys": "surveys",
    "/reports": "reports", "/audit": "the audit trail", "/intake": "the intake ledger", "/mailbox": "mail sent out",
    "/openapi.json": "the API", "/asyncapi.json": "the events",
}  # fmt: skip
OTLP = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


@app.command()
def up(
    data: Data = None,
    port: Annotated[int, typer.Option(min=1, max=65_535, envvar="RECOURSE_PORT")] = DEFAULT_PORT,
) -> None:
    """Run everything on this machine until Ctrl-C."""
    began, folder = time.monotonic(), data_folder(data)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that being told to end stops all, as Ctrl-C does
    _export_traces("recourse")
    ensure_free(port)
    Installation.check()  # what is not understood is told before anything is started
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    configure_logging(json=False, level=30)
    seeds = seed(folder / "secrets")
    settings = Installation.on_this_machine(seeds, url=f"http://localhost:{port}", smtp=f"127.0.0.1:{free(0)}")
    try:
        with console.status("Starting") as status, servers(folder, status.update, *map(os.environ.get, NAMED)) as run:
            status.update("Starting the six services")
            at = settings.model_copy(update=run)

            def say() -> None:
                status.stop()
                at.write(folder)
                _say(at.url, seeds.password, time.monotonic() - began)

            try:
                asyncio.run(_serve(at, port, say))
            finally:
                (folder / "running.json").unlink(missing_ok=True)
                status.stop()
                console.print("Stopped. Everything is kept in", str(folder))
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
    _export_traces(service)
    asyncio.run(create_topics(at.cluster))
    # Not uvloop, where one is installed: there a connection to Kafka that closes ends aiokafka's reading for good.
    uvicorn.run(_built(at, service), host=host, port=port, loop="asyncio", log_level="warning",
                timeout_graceful_shutdown=5, **options())  # fmt: skip


def _export_traces(service: str) -> None:
    """OpenTelemetry's own variables say where to, with which headers, and how many are sampled."""
    if not any(os.environ.get(name) for name in OTLP):
        return
    provider = TracerProvider(resource=Resource.create({"service.name": service, "service.namespace": "recourse"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def _built(at: Installation, service: str) -> FastAPI:
    """The service on its database, whose keys the master keys open."""
    url = database(at, service)
    rotation.check(url, at.masters())
    return SERVICES[service].build(at.settings(url))


async def _serve(at: Installation, port: int, say: Callable[[], None]) -> None:
    await create_topics(at.cluster)
    site = gateway({service: _built(at, service) for service in SERVICES})
    http = uvicorn.Server(
        uvicorn.Config(
            site, port=port, log_level="warning", lifespan="on", timeout_graceful_shutdown=2, **options()
        )
    )  # fmt: skip
    serving = asyncio.create_task(http.serve())
    while not http.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.02)
    if http.started:
        say()
    await serving


def _say(url: str, password: str, seconds: float) -> None:
    places = Table(show_header=False, box=None, padding=(0, 2))
    for path, what in PLACES.items():
        places.add_row(url + path, what)
    accounts = Table("Account", "Password", box=None, padding=(0, 2))
    for role in ROLES:
        accounts.add_row(f"{role}@example.org", password)
    console.print(f"[bold]Recourse runs[/bold] (started in {seconds:.1f} s). Ctrl-C stops it.\n")
    console.print(places)
    console.print()
    console.print(accounts)
    console.print("\nFill it with a year of invented history: [bold].venv/bin/recourse demo[/bold]")
