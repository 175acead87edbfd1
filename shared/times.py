"""The clock, and checks of times from outside: an impossible one is refused, because an event is never corrected."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
CLOCKS_DIFFER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of each day, in UTC: over midnight where they end before they begin, the whole day where both are one."""

    begins: time = time(1)
    ends: time = time(5)

    @classmethod
    def read(cls, text: str) -> "Window":
        """From `01:00-05:00`; raises ValueError."""
        if not re.fullmatch(r"\d\d:\d\d-\d\d:\d\d", text):
            raise ValueError("a window is written like 01:00-05:00")
        return cls(*map(time.fromisoformat, text.split("-")))

    def __contains__(self, now: datetime) -> bool:
        at = now.astimezone(UTC).time()
        if self.begins < self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


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
