"""Query parameters of a report, the same for page, CSV and API; an empty one is ignored."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query, Request

from services.reporting.reports.listing import BEHIND, Dimension
from shared.features.listing import Asked, asked
from shared.http.periods import past
from shared.service.runtime import running

AT = "The figures as they were known then: an instant like 2026-03-14T09:30:00Z; UTC where no offset is given."


@dataclass(frozen=True, slots=True)
class Report:
    """A question, a period and filters, and the instant as at which it is answered (None: now)."""

    by: Dimension
    asked: Asked
    as_at: datetime | None

    def address(self, path: str, **changes: str | None) -> str:
        """The same report elsewhere, or with something changed."""
        pairs = {"by": self.by, **self.asked.given} | changes
        return f"{path}?{urlencode({key: value for key, value in pairs.items() if value})}"


async def _asked_instant(
    request: Request, as_at: Annotated[str, Query(max_length=40, description=AT)] = ""
) -> datetime | None:
    return past("as_at", as_at.strip(), running(request).clock.now()) if as_at.strip() else None


AsAt = Annotated[datetime | None, Depends(_asked_instant)]


async def asked_report(
    narrowed: Annotated[Asked, Depends(asked(BEHIND, sort=False))], as_at: AsAt,
    by: Annotated[Dimension, Query(description="What to count by.")] = "product",
) -> Report:  # fmt: skip
    return Report(by, narrowed if as_at is None else narrowed.having(as_at=spelled(as_at)), as_at)


ReportAsked = Annotated[Report, Depends(asked_report)]


def spelled(value: datetime) -> str:
    """As an address holds it: exactly, in UTC, without a plus sign that would read as a space."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def field_value(as_at: datetime | None) -> str:
    """As a field for an instant takes it: milliseconds, the next where there is more, so that nothing falls out."""
    if as_at is None:
        return ""
    rounded = as_at.astimezone(UTC) + timedelta(microseconds=-as_at.microsecond % 1000)
    return rounded.replace(tzinfo=None).isoformat(timespec="milliseconds" if rounded.microsecond else "seconds")
