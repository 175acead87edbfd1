"""A log that is sealed only when a test asks for it, and a service that writes to it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from deploy.installation import Installation
from services.reporting.app import build
from services.reporting.audit.sealer import Sealer
from shared.service.runtime import Runtime
from tests.scenarios.reporting import classified, closed, opened
from tests.serving import Served, publish, serve, serve_neighbour, settings

KEY = bytes(range(32))


@dataclass
class Log:
    """Reporting as it runs, without sealing by itself, and a service that publishes."""

    reporting: Served
    cases: Served

    @property
    def sealer(self) -> Sealer:
        return sealer(self.reporting.runtime)

    async def write(self, *numbers: int) -> None:
        """Four events for each case, in the log when this returns."""
        for number in numbers:
            await publish(self.cases, [*opened(number), classified(number, 3, 1, "Loan"), closed(number, 4, 2)])


@asynccontextmanager
async def serve_log(kafka: str, postgres: Callable[[str], str]) -> AsyncIterator[Log]:
    given = await sealing(kafka, postgres("reporting"))
    neighbour = serve_neighbour("cases", given.cluster, postgres("cases"))
    async with serve(asked_alone, given) as reporting, neighbour as cases:
        yield Log(reporting, cases)


def sealer(runtime: Runtime) -> Sealer:
    """As reporting makes it."""
    return Sealer(runtime)


def asked_alone(given: Installation) -> FastAPI:
    """Reporting, which seals when it is asked and not by itself."""
    app = build(given)
    app.state.runtime.workers.clear()
    return app


async def sealing(kafka: str, url: str) -> Installation:
    """With a key of its own to seal with."""
    return (await settings(kafka, url)).model_copy(update={"seal_key": KEY.hex()})
