"""What people see of the caseload: saved views, filters, search, and work on many cases at once."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.cases.case_page.http import VIEWS
from services.cases.caseload import listing as queue
from services.cases.caseload.filters import ListAsked, order_of
from services.cases.caseload.view import caseload
from services.cases.pages import pages
from shared.http.live import live_updates
from shared.http.paging import Page, cursor, encode
from shared.http.requests import AtLeast, allow, asker
from shared.security.permissions import may
from shared.service.runtime import Runtime

FILTERS = (
    "status", "priority", "owner", "product", "issue", "heat", "channel", "organisation", "person", "outcome", "cause",
    "from", "to",
)  # fmt: skip
"""Shown above the list, each with a link that takes it away."""


def router(runtime: Runtime) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/cases", dependencies=[allow("cases.read")])
    async def show_cases(request: Request, asked: ListAsked, page: Page, at_least: AtLeast = None) -> Response:
        """What is narrowed down is looked for everywhere, else work begins with what is open."""
        await runtime.positions.seen(at_least, caseload)
        who, now = asker(request), datetime.now(UTC)
        tab = asked.tab or ("all" if asked.narrowed else "open")
        sort = order_of(tab, asked.wanted.status, asked.sort)
        after = cursor(page.after, *queue.keys(sort))
        async with runtime.pool.connection() as conn:
            rows = await queue.read(
                conn, replace(asked.wanted, tab=tab), sort, after, page.size + 1, me=who.id, now=now
            )
            counted = await queue.counts(conn, who.id, now)
        more = len(rows) > page.size
        return pages.render(
            request, "cases.html", area="cases", live="/cases/live", counts=rail(counted), tab=tab, sort=sort, now=now,
            rows=rows[: page.size], next_cursor=encode(queue.key_of(sort, rows[page.size - 1])) if more else None,
            counted=counted, most=queue.MOST, later=page.after is not None, q=asked.wanted.q or "",
            filters={name: value for name in FILTERS if (value := request.query_params.get(name, ""))},
            narrowed=asked.narrowed, can_work=may(who, "cases.work"), rebuilding=sorted(runtime.rebuilding),
            lag=lag_of(runtime),
        )  # fmt: skip

    @routes.get("/cases/live", dependencies=[allow("cases.read")])
    async def live(request: Request) -> Response:
        return live_updates(request, runtime.pool, *VIEWS)

    return routes


def rail(counted: dict[str, int]) -> dict[str, Any]:
    """The figures on the rail and the bell of every page of this service."""
    return {"cases": {"mine": counted["mine"], "late": counted["my_late"]}, "alerts": counted["alerts"]}


def lag_of(runtime: Runtime) -> float:
    """For how many seconds the caseload has stood still while there is something to read."""
    lag = runtime.lag.lags.get(f"cases.{caseload.name}")
    return lag.still_for if lag and lag.behind else 0.0
