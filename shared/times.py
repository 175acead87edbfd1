"""The clock, and checks of times from outside: an impossible one is refused, because an event is never corrected."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
CLOCKS_DIFFER = timedelta(hours=1)


class Clock:
    """Tells the time; a test moves one of its own."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def happened(value: datetime) -> datetime:
    """In UTC; not before 1970, and not in the future but for clocks that go wrong."""
    if not EARLIEST <= value <= datetime.now(UTC) + CLOCKS_DIFFER:
        raise ValueError("the time is before the year 1970 or in the future")
    return value.astimezone(UTC)


Happened = Annotated[AwareDatetime, AfterValidator(happened)]
"""With its offset from UTC, like 2026-03-14T09:30:00Z."""
