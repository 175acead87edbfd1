"""Back-off: how long to wait after an attempt that failed, and when to give up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Retry:
    """Wait `first`, then twice as long after each attempt up to `longest`; give up `give_up` after the beginning."""

    first: timedelta
    longest: timedelta
    give_up: timedelta

    def pause(self, attempts: int) -> timedelta:
        """The time to wait after so many failed attempts."""
        return min(self.first * (1 << min(attempts - 1, 30)), self.longest)

    def next_at(self, event: Any) -> datetime | None:
        """The time of the next attempt; None after one that succeeded or was the last."""
        if getattr(event, "error", None) is None or event.final:
            return None
        at: datetime = event.recorded_at
        return at + self.pause(event.attempt)


RFC5321 = Retry(first=timedelta(seconds=2), longest=timedelta(hours=1), give_up=timedelta(days=4))
"""As mail systems do (section 4.5.4.1): servers are away for a night, and addresses are mended."""
