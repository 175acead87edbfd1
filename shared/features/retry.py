"""Back-off: how long to wait after an attempt that failed, and when to give up."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Retry:
    """Wait `first`, then twice as long after each attempt up to `longest`; give up `give_up` after the beginning."""

    first: timedelta
    longest: timedelta
    give_up: timedelta

    def pause(self, attempts: int) -> timedelta:
        """The time to wait after so many failed attempts."""
        return min(self.first * (1 << min(attempts - 1, 30)), self.longest)

    def exhausted(self, began: datetime, now: datetime) -> bool:
        return now - began >= self.give_up
