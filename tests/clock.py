"""Clocks that tests move."""

from datetime import datetime, timedelta
from pathlib import Path

from shared.times import Clock


class MovableClock(Clock):
    """Goes as the real one does, from wherever it was moved to."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead

    def move(self, by: timedelta) -> None:
        self.ahead += by


class SharedClock(Clock):
    """The same for several processes: a file in the folder says how far it was moved."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "ahead"

    @property
    def _ahead(self) -> timedelta:
        return timedelta(seconds=float(self._file.read_text()) if self._file.exists() else 0)

    def now(self) -> datetime:
        return super().now() + self._ahead

    def move(self, by: timedelta) -> None:
        aside = self._file.with_suffix(".new")
        aside.write_text(str((self._ahead + by).total_seconds()))
        aside.rename(self._file)
