"""Days and instants as addresses hold them: a day is one of UTC, and the end of a period is exclusive."""

from datetime import UTC, date, datetime, timedelta

from shared.problems import Unprocessable
from shared.times import CLOCKS_DIFFER

END_OF_TIME = datetime.max.replace(tzinfo=UTC)
LONGEST_DAY = len("2026-03-14")


def beginning(name: str, text: str) -> datetime:
    """The instant, or the first of the day."""
    try:
        read = datetime.fromisoformat(text)
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise Unprocessable(
            f"{name} must be a day like 2026-03-14 or an instant like 2026-03-14T09:30:00Z, up to the year 9999."
        ) from None


def end(name: str, text: str) -> datetime:
    """The instant, or the first after the day, which so is taken whole."""
    read = beginning(name, text)
    if len(text) > LONGEST_DAY:
        return read
    return END_OF_TIME if read.date() == date.max else read + timedelta(days=1)


def past(name: str, text: str, now: datetime) -> datetime:
    """An instant at which something may be known; a day is its beginning."""
    read = beginning(name, text)
    if read > now + CLOCKS_DIFFER:
        raise Unprocessable(f"{name} must be in the past.")
    return read
