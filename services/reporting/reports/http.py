"""The JSON API of reporting: figures as at any instant, and the trail of anything that has an id."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.reporting.reports.filters import AsAt, ReportAsked
from services.reporting.reports.listing import counts_by
from services.reporting.reports.view import counts
from services.reporting.trail.listing import Recorded, trail_of
from services.reporting.trail.view import audit
from services.reporting.trail.wording import what
from shared.http.requests import AtLeast, allow
from shared.problems import NotFound
from shared.service.runtime import Runtime


class GroupCounts(BaseModel):
    value: str | None = Field(description="Of the dimension; null where nothing was said yet.")
    complaints: int = Field(description="By their main aspect, each once.")
    aspects: int


class Totals(BaseModel):
    complaints: int
    aspects: int


class CountsReport(BaseModel):
    """Both counts, by one dimension."""

    by: str
    as_at: datetime | None = Field(description="Null for what is known now.")
    total: Totals
    data: list[GroupCounts] = Field(description="Largest first, months in order; 500 at most.")


class TrailEvent(Recorded):
    what: str = Field(description="In words.")


class Trail(BaseModel):
    """All that had been recorded by the instant, a cause before what it led to; 2,000 events at most."""

    id: UUID
    as_at: datetime | None
    data: list[TrailEvent]


class NothingRecorded(NotFound):
    """No events found for this ID. Check it, or search by reference."""


def router(runtime: Runtime) -> APIRouter:
    routes = APIRouter(prefix="/api/v1", tags=["reporting"])

    @routes.get("/reports/counts", dependencies=[allow("reports.read")])
    async def count_complaints(report: ReportAsked, at_least: AtLeast = None) -> CountsReport:
        """How many complaints and aspects, by product, channel, outcome, cause or month; now or as at an instant."""
        await runtime.positions.wait(counts, at_least)
        async with runtime.pool.connection() as conn:
            found = await counts_by(conn, report.by, report.asked, report.as_at)
        return CountsReport(
            by=report.by, as_at=report.as_at,
            total=Totals(complaints=found.total.complaints, aspects=found.total.aspects),
            data=[GroupCounts(value=g.value, complaints=g.complaints, aspects=g.aspects) for g in found.groups],
        )  # fmt: skip

    @routes.get("/audit/{subject}", dependencies=[allow("audit.read")])
    async def read_trail(subject: UUID, as_at: AsAt, at_least: AtLeast = None) -> Trail:
        """Everything that happened to a complaint, a person, a mention or a response."""
        await runtime.positions.wait(audit, at_least)
        async with runtime.pool.connection() as conn:
            rows = await trail_of(conn, subject, as_at)
            if not rows and not (as_at and await trail_of(conn, subject)):
                raise NothingRecorded
        events = [TrailEvent(**row, what=what(row["name"], row["payload"])) for row in rows]
        return Trail(id=subject, as_at=as_at, data=events)

    return routes
