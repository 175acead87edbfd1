"""What a report's address asks for: the same parameters for page, CSV and API; an empty one asks for nothing."""

from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query
from pydantic import AfterValidator

from services.reporting.reports.listing import Dimension, Filters
from shared.problems import Unprocessable
from shared.text import askable

Text = Annotated[str, Query(max_length=200), AfterValidator(askable)]
Day = Annotated[str, Query(max_length=10)]
MONTH = r"^(\d{4}-(0[1-9]|1[0-2])|-)?$"
AT = "The figures as they were known then: an instant like 2026-03-14T09:30:00Z; UTC where no offset is given."


@dataclass(frozen=True, slots=True)
class Report:
    """A question, a period and filters, and the instant as at which it is answered (None: now)."""

    by: Dimension
    filters: Filters
    as_at: datetime | None
    given: dict[str, str]

    def address(self, path: str, **changes: str | None) -> str:
        """The same report elsewhere, or with something changed."""
        pairs = {"by": self.by, **self.given} | changes
        return f"{path}?{urlencode({key: value for key, value in pairs.items() if value})}"


async def asked_report(
    by: Annotated[Dimension, Query(description="What to count by.")] = "product",
    first: Annotated[Day, Query(alias="from", description="Received on or after this day (UTC).")] = "",
    last: Annotated[Day, Query(alias="to", description="Received on or before this day (UTC).")] = "",
    product: Text = "", channel: Text = "",
    outcome: Annotated[Text, Query(description="`-` for those not decided yet.")] = "",
    cause: Annotated[Text, Query(description="Root cause; `-` for those without one.")] = "",
    month: Annotated[str, Query(pattern=MONTH, description="Month of receipt, like 2026-03.")] = "",
    main: Annotated[str, Query(pattern="^(true)?$", description="Main aspects only: each complaint once.")] = "",
    as_at: Annotated[str, Query(max_length=40, description=AT)] = "",
) -> Report:  # fmt: skip
    filters = Filters(
        _day("from", first), _day("to", last), product or None, channel or None, outcome or None, cause or None,
        month or None, bool(main) or None,
    )  # fmt: skip
    given = {
        "from": first, "to": last, "product": product, "channel": channel, "outcome": outcome, "cause": cause,
        "month": month, "main": main, "as_at": as_at,
    }  # fmt: skip
    return Report(by, filters, instant(as_at), {key: value for key, value in given.items() if value})


ReportAsked = Annotated[Report, Depends(asked_report)]


async def _asked_instant(as_at: Annotated[str, Query(max_length=40, description=AT)] = "") -> datetime | None:
    return instant(as_at)


AsAt = Annotated[datetime | None, Depends(_asked_instant)]


def instant(given: str) -> datetime | None:
    """In UTC; None where nothing was given. The last year is refused, as nothing can be counted on from there."""
    if not given.strip():
        return None
    try:
        read = datetime.fromisoformat(given.strip())
        read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        read = datetime.max.replace(tzinfo=UTC)
    if read.year == MAXYEAR:
        raise Unprocessable("as_at is an instant like 2026-03-14T09:30:00Z.")
    return read


def spelled(value: datetime) -> str:
    """As an address holds it: exactly, in UTC, without a plus sign that would read as a space."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _day(name: str, given: str) -> date | None:
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        raise Unprocessable(f"{name} is a day like 2026-03-14.") from None
