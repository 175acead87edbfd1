"""Times, numbers and money say what is true: nothing rounded in anybody's favour."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web import words

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
SECONDS = {"d": 86400, "h": 3600, "min": 60, "y": 365 * 86400}
distances = st.timedeltas(timedelta(days=-2000), timedelta(days=2000))


@pytest.mark.parametrize(
    ("distance", "said"),
    [
        (timedelta(days=2, hours=4), "in 2 d 4 h"),
        (timedelta(days=2, minutes=59), "in 2 d"),
        (timedelta(hours=-3, minutes=-5), "3 h 5 min ago"),
        (timedelta(seconds=59), "now"),
        (timedelta(days=45, hours=3), "in 45 d"),
        (timedelta(days=-800), "2 y ago"),
    ],
)
def test_relative(distance: timedelta, said: str) -> None:
    assert words.relative(NOW + distance, NOW) == said


@given(distances)
def test_a_span_never_says_more_than_there_is(distance: timedelta) -> None:
    said = sum(int(count) * SECONDS[unit] for count, unit in re.findall(r"(\d+) (\w+)", words.span(distance)))
    real = abs(distance).total_seconds()
    assert said <= real
    assert real - said < (SECONDS["y"] if real >= 730 * 86400 else SECONDS["d"] if real >= 864000 else 3600)


@given(distances)
def test_late_and_left_agree_with_the_clock(distance: timedelta) -> None:
    due = NOW + distance
    late = words.clock_state(due, due - timedelta(days=10), NOW).late
    assert words.remaining(due, NOW).endswith("late") == late


@given(st.timedeltas(timedelta(seconds=1), timedelta(days=60)), st.floats(0, 1))
def test_a_clock_turns_amber_below_a_quarter(whole: timedelta, share: float) -> None:
    state = words.clock_state(NOW + whole * (1 - share), NOW - whole * share, NOW)
    assert 0 <= state.filled <= 100
    if share < 0.74:
        assert state.tone == "neutral"
    if 0.76 < share < 0.99:
        assert state.tone == "warn"


def test_a_clock_is_breached_only_after_its_instant() -> None:
    assert not words.clock_state(NOW, NOW - timedelta(days=1), NOW).late
    assert words.clock_state(NOW, NOW - timedelta(days=1), NOW + timedelta(microseconds=1)) == (100, "danger", True)


def test_a_clock_of_no_length_is_full() -> None:
    assert words.clock_state(NOW, NOW, NOW) == (100, "warn", False)


def test_days_and_instants() -> None:
    assert words.day(date(2026, 3, 14)) == "14 March 2026"
    assert words.exact(NOW) == "14 March 2026, 09:30:00 UTC"
    assert words.exact(NOW.astimezone(ZoneInfo("Australia/Sydney"))) == "14 March 2026, 09:30:00 UTC"


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        (Decimal("1250"), "GBP", "£1,250.00"),
        ("0.005", "EUR", "€0.005"),
        ("1.5", "KWD", "KWD 1.500"),
        ("100.50", "JPY", "¥100.50"),
        (-12.5, "USD", "−US$12.50"),
        (980, "JPY", "¥980"),
        (7, "CHF", "CHF 7.00"),
    ],
)
def test_money(amount: Decimal | str | float, currency: str, said: str) -> None:
    assert words.money(amount, currency) == said


@given(st.decimals(0, 1, places=6))
def test_percent_says_none_and_all_only_when_meant(share: Decimal) -> None:
    said = words.percent(share)
    assert (said == "0%") == (share == 0)
    assert (said == "100%") == (share == 1)


def test_numbers() -> None:
    assert [words.number(n) for n in (1204567, 0.1, Decimal("3.50"), 0)] == ["1,204,567", "0.1", "3.50", "0"]


@pytest.mark.parametrize(
    ("score", "heat", "word"),
    [
        (None, None, "Not measured"), (0.5, "green", "No strong feeling found"),
        (0.0, "green", "No strong feeling found"), (-0.15, "amber", "Upset"),
        (-0.7, "amber", "Upset"), (-0.3, "red", "Very upset"),
    ],
)  # fmt: skip
def test_feeling_and_heat_never_disagree(score: float | None, heat: str | None, word: str) -> None:
    assert words.feeling(score, heat)[0] == word
