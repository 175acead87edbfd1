"""What the values of a report are called, and which questions there are."""

from typing import Any

from services.reporting.reports.listing import Dimension
from shared.features.codes import CHANNELS, OUTCOMES, ROOT_CAUSES, CodeList
from shared.text import shown
from shared.web.templating import gettext

QUESTIONS: dict[Dimension, str] = {
    "product": "What are they about?",
    "channel": "Where do complaints come from?",
    "outcome": "How do they end?",
    "cause": "Why do they happen?",
    "month": "How many over time?",
}
NAMES: dict[Dimension, str] = {
    "product": "Product", "channel": "Channel", "outcome": "Outcome", "cause": "Root cause", "month": "Month",
}  # fmt: skip
NOTHING_SAID: dict[Dimension, str] = {
    "product": "Not classified yet", "channel": "Not known", "outcome": "Not decided yet", "cause": "No cause yet",
    "month": "Not known",
}  # fmt: skip
CODES: dict[Dimension, CodeList[Any]] = {"channel": CHANNELS, "outcome": OUTCOMES, "cause": ROOT_CAUSES}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def label(dimension: Dimension, value: str | None) -> str:
    """A product as it is written, a code in words, a month by its name."""
    if value is None or value == "-":
        return gettext(NOTHING_SAID[dimension])
    if dimension == "product":
        return shown(value)
    if dimension == "month":
        year, month = value.split("-")
        return f"{gettext(MONTHS[int(month) - 1])} {year}"
    return CODES[dimension].get(value, shown(value))


def months(found: list[str]) -> list[str]:
    """Every month from the first to the last, also those without a complaint."""
    if not found:
        return []
    numbers = [int(month[:4]) * 12 + int(month[5:]) - 1 for month in (min(found), max(found))]
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in range(numbers[0], numbers[1] + 1)]
