"""The JSON API of cases: lists, and one case with all that happened in it."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from services.cases.aspects import view as aspects
from services.cases.case.actions import work
from services.cases.case_page import timeline
from services.cases.case_page.messages import CaseDetail
from services.cases.caseload.listing import CASES, case_with_details
from shared.features.listing import add_api
from shared.http.requests import AtLeast, allow
from shared.service.runtime import CurrentRuntime

routes = APIRouter(prefix="/api/v1/cases", tags=["cases"])
add_api(routes, CASES, "", "Cases by saved view, filter and search; a sort with a minus is turned round.")


@routes.get("/{case_id}", dependencies=[allow("cases.read")], response_model=CaseDetail)
async def get_case(
    runtime: CurrentRuntime, case_id: UUID, response: Response, at_least: AtLeast = None
) -> dict[str, Any]:
    """One case with its aspects and its timeline. The ETag is the version that If-Match takes."""
    await runtime.positions.seen(at_least, *work.views)
    async with runtime.pool.connection() as conn:
        row = await case_with_details(conn, case_id)
        found = {"aspects": await aspects.of_case(conn, case_id), "timeline": await timeline.of_case(conn, case_id)}
    response.headers["ETag"] = f'"{row["version"]}"'
    return row | found
