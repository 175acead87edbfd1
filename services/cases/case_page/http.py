"""The JSON API of cases: lists, one case with all that happened in it, and the work on it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.cases.aspects import view as aspects
from services.cases.aspects.view import aspect_list
from services.cases.case_page import timeline
from services.cases.case_page.messages import CaseDetail, CasePage
from services.cases.case_page.timeline import timeline as timeline_view
from services.cases.caseload import listing as queue
from services.cases.caseload.filters import ListAsked, order_of
from services.cases.caseload.view import caseload
from shared.http.paging import Page, cursor, links
from shared.http.requests import AtLeast, allow, asker
from shared.problems import NotFound
from shared.service.runtime import Runtime

VIEWS = (caseload, timeline_view, aspect_list)


def router(runtime: Runtime) -> APIRouter:
    """Lists and single cases."""
    routes = APIRouter(prefix="/api/v1/cases", tags=["cases"])

    @routes.get("", dependencies=[allow("cases.read")], response_model=CasePage)
    async def list_cases(asked: ListAsked, page: Page, request: Request, at_least: AtLeast = None) -> dict[str, Any]:
        """Cases by saved view, filter and search; a sort with a minus is turned round."""
        await runtime.positions.seen(at_least, caseload)
        sort = order_of(asked.wanted.tab, asked.wanted.status, asked.sort)
        after = cursor(page.after, *queue.keys(sort))
        async with runtime.pool.connection() as conn:
            rows = await queue.read(
                conn, asked.wanted, sort, after, page.size + 1, me=asker(request).id, now=datetime.now(UTC)
            )
        return links(request, page, rows, lambda row: queue.key_of(sort, row))

    @routes.get("/{case_id}", dependencies=[allow("cases.read")], response_model=CaseDetail)
    async def get_case(case_id: UUID, response: Response, at_least: AtLeast = None) -> dict[str, Any]:
        """One case with its aspects and its timeline. The ETag is the version that If-Match takes."""
        await runtime.positions.seen(at_least, *VIEWS)
        async with runtime.pool.connection() as conn:
            row = await queue.one(conn, case_id)
            if row is None:
                raise NotFound("There is no case with this id.")
            found = {"aspects": await aspects.of_case(conn, case_id), "timeline": await timeline.of_case(conn, case_id)}
        response.headers["ETag"] = f'"{row["version"]}"'
        return row | found

    return routes
