"""The JSON API of figures, as at any instant."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.reporting.reports.filters import ReportAsked
from services.reporting.reports.listing import Group, counts_by
from services.reporting.reports.view import counts
from shared.http.requests import AtLeast, allow
from shared.service.runtime import CurrentRuntime


class Totals(BaseModel):
    complaints: int
    aspects: int


class CountsReport(BaseModel):
    """Both counts, by one dimension."""

    by: str
    as_at: datetime | None = Field(description="Null for what is known now.")
    total: Totals
    data: list[Group] = Field(description="Largest first, months in order; 500 at most.")


routes = APIRouter(prefix="/api/v1/reports", tags=["reporting"])


@routes.get("/counts", dependencies=[allow("reports.read")])
async def count_complaints(runtime: CurrentRuntime, report: ReportAsked, at_least: AtLeast = None) -> CountsReport:
    """Count complaints and aspects by product, channel, outcome, cause or month, now or as at an instant."""
    await runtime.positions.wait(counts, at_least)
    async with runtime.pool.connection() as conn:
        found = await counts_by(conn, report.by, report.asked, report.as_at)
    return CountsReport(
        by=report.by, as_at=report.as_at,
        total=Totals(complaints=found.total.complaints, aspects=found.total.aspects), data=list(found.groups),
    )  # fmt: skip
