"""What the API of cases takes and answers."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.cases.case.currencies import CURRENCIES
from services.cases.caseload.listing import CaseSummary
from shared.events.cases import Outcome, Priority, Redress
from shared.text import printable


def _not_blank(text: str) -> str:
    if not text:
        raise ValueError("write something here")
    return text


def _in_use(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError("write a currency in use as its three letters, like GBP")
    return code


Short = Annotated[str, Field(max_length=200), AfterValidator(printable)]
Named = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(printable), AfterValidator(_not_blank)]
Account = Annotated[Named, AfterValidator(str.lower)]
Long = Annotated[str, Field(min_length=1, max_length=20_000), AfterValidator(printable), AfterValidator(_not_blank)]


class RaiseAspect(BaseModel):
    """A further grievance of the same complaint."""

    product: Short | None = None
    sub_product: Short | None = None
    issue: Short | None = None
    sub_issue: Short | None = None
    summary: Annotated[str, Field(max_length=2000), AfterValidator(printable)] | None = Field(
        None, description="In the handler's words; sealed under the customer's key."
    )


class ClassifyAspect(BaseModel):
    """What an aspect is about."""

    product: Named
    sub_product: Short | None = None
    issue: Named
    sub_issue: Short | None = None


class AssignAspect(BaseModel):
    """Who decides the aspect; null takes the owner away."""

    handler: Account | None = Field(description="An account, for example `ines@example.org`.")


class ResolveAspect(BaseModel):
    """How an aspect is decided."""

    outcome: Outcome
    redress: Redress = "none"
    amount: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)] | None = Field(
        None, description="Above zero, for a refund or compensation only."
    )
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$"), AfterValidator(_in_use)] | None = Field(
        None, description="ISO 4217, with an amount."
    )
    root_cause: Annotated[str, Field(max_length=80), AfterValidator(printable)] | None = Field(
        None, description="From the firm's list; needed for what is upheld, wholly or partly."
    )
    explanation: Annotated[str, Field(max_length=20_000), AfterValidator(printable)] | None = Field(
        None, description="Why; sealed under the customer's key."
    )


class AddNote(BaseModel):
    """For colleagues; the customer never sees it."""

    text: Long


class ChangePriority(BaseModel):
    priority: Priority
    reason: Short = Field("Set by hand", description="Why; names nobody.")


class ReopenCase(BaseModel):
    reason: Named = Field(description="Why; names nobody.")


class Position(BaseModel):
    position: str | None = Field(description="Wait for it with `at_least`; null where nothing had to change.")


class Raised(Position):
    id: UUID = Field(description="The new aspect.")


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
