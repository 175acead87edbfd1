"""The JSON API of cases: lists, and one case with all that happened in it."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from services.cases.aspects import view as aspects
from services.cases.case.actions import work
from services.cases.case_page import timeline
from services.cases.caseload.listing import CASES, CaseSummary, case_with_details
from shared.features.listing import add_api
from shared.http.requests import AtLeast, allow
from shared.service.runtime import CurrentRuntime


class AspectDetail(BaseModel):
    aspect_id: UUID
    is_primary: bool
    product: str | None
    sub_product: str | None
    issue: str | None
    sub_issue: str | None
    handler: str | None
    outcome: str | None
    redress: str | None
    amount: Decimal | None
    currency: str | None
    root_cause: str | None
    summary: str | None
    explanation: str | None
    raised_at: datetime
    resolved_at: datetime | None


class TimelineEntry(BaseModel):
    """One event as people read it; what is in words is personal, and null once the person is erased."""

    entry_id: str
    kind: str = Field(description="The event's type.")
    who: str
    at: datetime
    recorded_at: datetime
    about: UUID | None = Field(description="The aspect, note or message.")
    facts: dict[str, Any]
    heading: str | None
    words: str | None
    wanted: str | None = Field(description="Of a complaint: what would put it right.")
    agreed: str | None = Field(description="Of a call or a meeting: what was agreed.")


class CaseDetail(CaseSummary):
    narrative: str | None
    email: str | None
    phone: str | None
    needs: str | None
    preferred_channel: str | None
    aspects: list[AspectDetail]
    timeline: list[TimelineEntry] = Field(
        description="The newest last; of a very long case 500: the complaint itself, and the last."
    )


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
