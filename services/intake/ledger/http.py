"""The JSON API of the ledger: received, accepted, duplicate, refused."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator

from services.intake.ledger.listing import totals
from services.intake.ledger.view import ledger
from shared.http.requests import AtLeast, allow
from shared.service.runtime import CurrentRuntime
from shared.text import askable

routes = APIRouter(prefix="/api/v1/complaints/ledger", tags=["complaints"])


@routes.get("", dependencies=[allow("complaints.read")])
async def ledger_totals(
    runtime: CurrentRuntime,
    at_least: AtLeast = None,
    source: Annotated[Annotated[str, AfterValidator(askable)] | None, Query(max_length=300)] = None,
) -> dict[str, int]:
    """Received = accepted + duplicate + refused, over all or for one source."""
    await runtime.positions.wait(ledger, at_least)
    async with runtime.pool.connection() as conn:
        return await totals(conn, source)
