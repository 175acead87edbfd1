"""Models of the answers of the cases API."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.cases.caseload.listing import CaseSummary


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
