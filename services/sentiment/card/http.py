"""The JSON API of sentiment: measurements, newest first, and those of one subject."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from services.sentiment.card.view import find, measurements
from services.sentiment.measuring.model import Heat
from shared.events.sentiments import DecidingWord
from shared.http.paging import Page, cursor, links
from shared.http.requests import AtLeast, allow
from shared.service.runtime import Runtime

Subject = Literal["complaint", "mention", "response"]


class Measurement(BaseModel):
    """How one text sounds to one model."""

    measurement_id: UUID
    subject: Subject = Field(description="What was measured.")
    subject_id: UUID = Field(description="Its id.")
    score: float = Field(description="From -1 (negative) to 1 (positive).")
    heat: Heat = Field(description="Red is flagged at once.")
    model: str = Field(description="The model and its version.")
    deciding: list[DecidingWord] = Field(description="The words that decided, by their places in the text.")
    said_at: datetime = Field(description="When the customer said it.")
    measured_at: datetime = Field(description="When the text reached us and was measured.")


class Listed(BaseModel):
    """One page of measurements."""

    data: list[Measurement]
    meta: dict[str, Any]
    links: dict[str, str | None]


def router(runtime: Runtime) -> APIRouter:
    routes = APIRouter(prefix="/api/v1/sentiments", tags=["sentiments"])

    @routes.get("", dependencies=[allow("complaints.read")], response_model=Listed)
    async def list_sentiments(
        page: Page, request: Request, at_least: AtLeast = None,
        heat: Annotated[Heat | None, Query(description="Only of this heat.")] = None,
        subject: Annotated[Subject | None, Query(description="Only of this kind of text.")] = None,
        subject_id: Annotated[UUID | None, Query(description="Only of this complaint, mention or response.")] = None,
    ) -> dict[str, Any]:  # fmt: skip
        """The newest first. A response has one measurement for each answer in words."""
        await runtime.positions.wait(measurements, at_least)
        after = cursor(page.after, datetime, UUID)
        async with runtime.pool.connection() as conn:
            rows = await find(
                conn, page.size, heat=heat, subject=subject, subject_id=subject_id,
                after=None if after is None else (after[0], after[1]),
            )  # fmt: skip
        return links(request, page, rows, lambda row: (row["measured_at"], row["measurement_id"]))

    return routes
