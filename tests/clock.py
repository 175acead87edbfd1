"""A clock that tests move."""

from datetime import datetime, timedelta

from shared.times import Clock


class MovableClock(Clock):
    """Goes as the real one does, from wherever it was moved to."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead

    def move(self, by: timedelta) -> None:
        self.ahead += by
