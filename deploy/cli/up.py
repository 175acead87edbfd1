"""`recourse up`: everything on this machine, from nothing, until Ctrl-C."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import uvicorn
from rich.console import Console
from rich.status import Status
from rich.table import Table

from deploy.cli.keys.rotation import check
from deploy.embedded.errors import PortInUse
from deploy.embedded.kafka import free
from deploy.embedded.servers import Servers, servers
from deploy.gateway import server
from deploy.gateway.app import gateway
from deploy.installation import NAMED, ROLES, Installation, Seeds, seed
from deploy.services import SERVICES
from shared.kafka.topics import create_topics
from shared.telemetry import configure_logging


def up(data: Path, port: int, console: Console) -> None:
    """Start the servers and the services, say where they are, and stop all on Ctrl-C."""
    began = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that being told to end stops all, as Ctrl-C does
    if not free(port):
        raise PortInUse(port)
    Installation.check()  # what is not understood is told before anything is started
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    configure_logging(json=False, level=30)
    seeds = seed(data)
    settings = Installation.on_this_machine(seeds, url=f"http://localhost:{port}", smtp=f"127.0.0.1:{free(0)}")
    with console.status("Starting") as status, servers(data, status.update, *map(os.environ.get, NAMED)) as running:
        status.update("Starting the six services")
        installation = settings.model_copy(update={"kafka": running.kafka, "postgres": running.postgres})
        for service in SERVICES:
            check(running.database(f"recourse_{service}"), installation.masters())
        try:
            asyncio.run(_serve(installation, running, port, lambda: _say(console, status, installation, seeds, began)))
        finally:
            (data / "running.json").unlink(missing_ok=True)
            status.stop()
            console.print("Stopped. Everything is kept in", str(data))


async def _serve(installation: Installation, running: Servers, port: int, say: Callable[[], None]) -> None:
    await create_topics(installation.cluster)
    apps = {
        name: service.build(installation.settings(running.database(f"recourse_{name}")))
        for name, service in SERVICES.items()
    }
    config = uvicorn.Config(
        gateway(apps, list(SERVICES.values())), host="127.0.0.1", port=port, log_level="warning", lifespan="on",
        timeout_graceful_shutdown=2, **server.options(),
    )  # fmt: skip
    http = uvicorn.Server(config)
    serving = asyncio.create_task(http.serve())
    while not http.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.02)
    if http.started:
        say()
    await serving


def _say(console: Console, status: Status, installation: Installation, seeds: Seeds, began: float) -> None:
    status.stop()
    installation.write(seeds.accounts.parent.parent)
    places = Table(show_header=False, box=None, padding=(0, 2))
    for path, what in {
        "/complain": "make a complaint", "/cases": "the caseload", "/social": "the social inbox", "/surveys": "surveys",
        "/reports": "reports", "/audit": "the audit trail", "/intake": "the intake ledger", "/mailbox": "mail sent out",
        "/openapi.json": "the API", "/asyncapi.json": "the events",
    }.items():  # fmt: skip
        places.add_row(f"{installation.url}{path}", what)
    accounts = Table("Account", "Password", box=None, padding=(0, 2))
    for role in ROLES:
        accounts.add_row(f"{role}@example.org", seeds.password)
    console.print(f"[bold]Recourse runs[/bold] (started in {time.monotonic() - began:.1f} s). Ctrl-C stops it.\n")
    console.print(places)
    console.print()
    console.print(accounts)
    console.print("\nFill it with a year of invented history: [bold].venv/bin/recourse demo[/bold]")
