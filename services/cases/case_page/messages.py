"""What the API of cases answers."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from shared.events.cases import Priority


class CaseSummary(BaseModel):
    """A case as a list shows it. Personal fields are null once the person is erased."""

    case_id: UUID
    version: int
    reference: str
    person_id: UUID
    person_name: str | None
    organisation: str | None
    region: str | None
    channel: str
    product: str | None = Field(description="Of the primary aspect.")
    issue: str | None
    excerpt: str | None = Field(description="The first words of the complaint.")
    priority: Priority
    status: str = Field(description="`new`, `open`, `resolved` or `closed`: it follows from the work.")
    owner: str | None = Field(description="Of the primary aspect, else of the first open one.")
    open_aspects: int
    total_aspects: int
    score: float | None = Field(description="The worst that was measured, from -1 to 1.")
    heat: str | None
    alert: str | None
    received_at: datetime
    due_at: datetime = Field(description="Eight weeks after receipt (DISP 1.6.2R).")
    closed_at: datetime | None
    invented: bool


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


class CasePage(BaseModel):
    data: list[CaseSummary]
    meta: dict[str, Any]
    links: dict[str, str | None]
