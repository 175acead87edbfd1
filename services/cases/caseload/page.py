"""The pages of the caseload: saved views, filters, search, and work on many cases at once."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from services.cases.caseload.listing import CASES
from services.cases.caseload.view import caseload
from services.cases.pages import pages
from shared.features.listing import Asked as ListAsked
from shared.features.listing import add_download, asked, counts, show
from shared.http.paging import Page
from shared.http.requests import AtLeast, allow, asker
from shared.security.permissions import may
from shared.service.runtime import CurrentRuntime, Runtime

CasesAsked = Annotated[ListAsked, Depends(asked(CASES))]
routes = APIRouter(include_in_schema=False)
add_download(routes, CASES, "/cases/cases.csv")


@routes.get("/cases", dependencies=[allow("cases.read")])
async def show_cases(
    request: Request, runtime: CurrentRuntime, asked: CasesAsked, page: Page, at_least: AtLeast = None
) -> Response:
    """Open cases, unless the address narrows the list: that is looked for everywhere."""
    if not asked.values and CASES.tab not in asked.given:
        asked = asked.on("open")
    found, now = await show(CASES, request, asked, page, at_least), runtime.clock.now()
    async with runtime.pool.connection() as conn:
        counted = await counts(conn, CASES, asker(request).id, now)
    return pages.render(
        request, "cases.html", area="cases", live="/cases/live", counts=rail(counted), now=now, list=found,
        counted=counted, can_work=may(asker(request), "cases.work"), rebuilding=sorted(runtime.rebuilding),
        lag=lag_of(runtime),
    )  # fmt: skip


def rail(counted: dict[str, int]) -> dict[str, Any]:
    """The figures on the rail and the bell of every page of this service."""
    return {"cases": {"mine": counted["mine"], "late": counted["my_late"]}, "alerts": counted["alerts"]}


def lag_of(runtime: Runtime) -> float:
    """For how many seconds the caseload has stood still while there is something to read."""
    lag = runtime.lag.lags.get(f"cases.{caseload.name}")
    return lag.still_for if lag and lag.behind else 0.0
