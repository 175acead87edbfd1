"""Times, dates, numbers and money as people read them: pure functions, so that every page says them alike."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple

from shared.money import SYMBOLS, whole

Number = int | float | Decimal
Translate = Callable[[str], str]
Tone = Literal["neutral", "good", "warn", "danger", "accent"]

MINUTE, HOUR, DAY = 60, 3600, 86400
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def _english(text: str) -> str:
    return text


def span(length: timedelta, translate: Translate = _english) -> str:
    """At most two neighbouring units, cut and never rounded up, so that nobody is promised time they lack."""
    seconds = abs(int(length.total_seconds()))
    if seconds >= 730 * DAY:
        return f"{seconds // (365 * DAY)} {translate('y')}"
    days, hours, minutes = seconds // DAY, seconds % DAY // HOUR, seconds % HOUR // MINUTE
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    first = 0 if days else 1 if hours else 2
    parts = parts[first : first + (1 if days >= 10 else 2)]
    return " ".join(f"{count} {translate(unit)}" for count, unit in parts if count) or f"0 {translate('min')}"


def relative(instant: datetime, now: datetime, translate: Translate = _english) -> str:
    """The distance from now in words: "in 2 d 4 h", "3 h ago", or "now" within the minute."""
    distance = instant - now
    if abs(distance) < timedelta(minutes=1):
        return translate("now")
    pattern = translate("in {}") if distance > timedelta(0) else translate("{} ago")
    return pattern.format(span(distance, translate))


def remaining(due: datetime, now: datetime, translate: Translate = _english) -> str:
    """The text of a clock: "2 d 4 h left" until the instant it is due, "3 h late" after it."""
    pattern = translate("{} left") if due >= now else translate("{} late")
    return pattern.format(span(due - now, translate))


def day(value: date, translate: Translate = _english) -> str:
    """A date that reads the same in every country: "14 March 2026"."""
    return f"{value.day} {translate(MONTHS[value.month - 1])} {value.year}"


def exact(instant: datetime, translate: Translate = _english) -> str:
    """The instant with its zone, so that two people in two places read one time."""
    in_utc = instant.astimezone(UTC)
    return f"{day(in_utc, translate)}, {in_utc:%H:%M:%S} UTC"


def number(value: Number) -> str:
    """Thousands in groups; decimals only where the value has them."""
    if isinstance(value, float):
        value = Decimal(repr(value))
    return f"{value:,}"


def money(amount: Number | str, currency: str) -> str:
    """Never an amount without its currency, and never rounded: an amount that is too fine for it shows as it is."""
    value = whole(Decimal(str(amount)), currency)
    sign = "−" if value < 0 else ""
    symbol = SYMBOLS.get(currency, f"{currency} ")
    return f"{sign}{symbol}{abs(value):,}"


def percent(share: Number) -> str:
    """A share as whole per cent; says 0% and 100% only when nothing or everything is meant."""
    exactly = Decimal(str(share)) * 100
    if Decimal(0) < exactly < Decimal(1):
        return "<1%"
    if Decimal(99) < exactly < Decimal(100):
        return ">99%"
    return f"{exactly.quantize(Decimal(1), ROUND_HALF_UP)}%".replace("-", "−")


class ClockState(NamedTuple):
    """The fill of the bar (0 to 100), its tone, and whether the clock has run out."""

    filled: int
    tone: Tone
    late: bool


def clock_state(due: datetime, started: datetime, now: datetime) -> ClockState:
    """Amber below a quarter left and red once breached: the one place that decides it for every page."""
    if now > due:
        return ClockState(100, "danger", True)
    whole = (due - started).total_seconds()
    used = (now - started).total_seconds()
    share = min(max(used / whole, 0.0), 1.0) if whole > 0 else 1.0
    filled = int((Decimal(str(share)) * 100).to_integral_value(ROUND_DOWN))
    return ClockState(filled, "warn" if share > 0.75 else "neutral", False)


HEATS: dict[str, tuple[str, Tone]] = {
    "red": ("Very upset", "danger"),
    "amber": ("Upset", "warn"),
    "green": ("No strong feeling found", "neutral"),
    "": ("Not measured", "neutral"),
}


def feeling(score: float | None, heat: str | None) -> tuple[str, Tone]:
    """A sentiment in words: the model finds who is upset, and claims nothing about anybody else."""
    return HEATS["" if score is None else heat or "green"]
