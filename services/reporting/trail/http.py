"""The JSON API of the audit trail: the story of anything that has an id."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.reporting.reports.filters import AsAt
from services.reporting.trail.listing import NothingRecorded, Recorded, trail_of
from services.reporting.trail.view import audit
from services.reporting.trail.wording import what
from shared.http.requests import AtLeast, allow
from shared.service.runtime import CurrentRuntime


class TrailEvent(Recorded):
    what: str = Field(description="In words.")


class Trail(BaseModel):
    """All that had been recorded by the instant, a cause before what it led to; 2,000 events at most."""

    id: UUID
    as_at: datetime | None
    data: list[TrailEvent]


routes = APIRouter(prefix="/api/v1/audit", tags=["reporting"])


@routes.get("/{subject}", dependencies=[allow("audit.read")])
async def read_trail(runtime: CurrentRuntime, subject: UUID, as_at: AsAt, at_least: AtLeast = None) -> Trail:
    """Everything that happened to a complaint, a person, a mention or a response."""
    await runtime.positions.wait(audit, at_least)
    async with runtime.pool.connection() as conn:
        rows = await trail_of(conn, subject, as_at)
        if not rows and not (as_at and await trail_of(conn, subject)):
            raise NothingRecorded
    events = [TrailEvent(**row, what=what(row["name"], row["payload"])) for row in rows]
    return Trail(id=subject, as_at=as_at, data=events)
