"""Days and instants as addresses hold them: a day is one of UTC, and the end of a period is exclusive."""

from datetime import UTC, date, datetime, timedelta

from shared.problems import Unprocessable
from shared.times import CLOCKS_DIFFER

END_OF_TIME = datetime.max.replace(tzinfo=UTC)


def beginning(name: str, text: str) -> datetime:
    """The instant, or the first of the day."""
    read = _read(name, text)
    return read if isinstance(read, datetime) else _midnight(read)


def end(name: str, text: str) -> datetime:
    """The instant, or the first after the day, which so is taken whole."""
    read = _read(name, text)
    if isinstance(read, datetime):
        return read
    return END_OF_TIME if read == date.max else _midnight(read + timedelta(days=1))


def past(name: str, text: str, now: datetime) -> datetime:
    """An instant at which something may be known; a day is its beginning."""
    read = beginning(name, text)
    if read > now + CLOCKS_DIFFER:
        raise Unprocessable(f"{name} must be in the past.")
    return read


def ensure_in_order(since: str = "", until: str = "") -> None:
    """One that ends on the day on which it begins is one day long."""
    if since and until and beginning("to", until) < beginning("from", since):
        raise Unprocessable("The period ends before it begins. Its end must be the same as or after its beginning.")


def _read(name: str, text: str) -> date | datetime:
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        read = datetime.fromisoformat(text)
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise Unprocessable(
            f"{name} must be a day like 2026-03-14 or an instant like 2026-03-14T09:30:00Z, up to the year 9999."
        ) from None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), UTC)
