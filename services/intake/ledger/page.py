"""The page of the ledger: what arrived, and what became of it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from services.intake.ledger.listing import ARRIVALS, sources, totals
from services.intake.ledger.view import ledger
from services.intake.pages import pages
from shared.features.listing import Asked, add_download, asked, show
from shared.http.live import add_live
from shared.http.paging import Page
from shared.http.requests import allow
from shared.service.runtime import CurrentRuntime

ArrivalsAsked = Annotated[Asked, Depends(asked(ARRIVALS))]
routes = APIRouter(include_in_schema=False)
add_download(routes, ARRIVALS, "/intake/ledger.csv")
add_live(routes, "/intake/live", "complaints.read", ledger)


@routes.get("/intake", dependencies=[allow("complaints.read")])
async def show_ledger(request: Request, runtime: CurrentRuntime, asked: ArrivalsAsked, page: Page) -> Response:
    found = await show(ARRIVALS, request, asked, page)
    async with runtime.pool.connection() as conn:
        total, files = await totals(conn), await sources(conn)
    return pages.render(
        request, "ledger.html", area="intake", live="/intake/live", list=found, sources=files,
        totals={"": total["received"], **total}, now=runtime.clock.now(),
    )  # fmt: skip
