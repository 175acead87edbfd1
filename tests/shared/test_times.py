"""A window is open at the hours that it names, in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.times import Window


@pytest.mark.parametrize(
    ("window", "hours"),
    [
        ("01:00-05:00", {1, 2, 3, 4}),
        ("22:00-02:00", {22, 23, 0, 1}),
        ("00:00-00:00", set(range(24))),
    ],
)
def test_a_window_is_open_from_its_beginning_until_before_its_end(window: str, hours: set[int]) -> None:
    night = datetime(2026, 3, 14, tzinfo=UTC)
    assert {hour for hour in range(24) if night + timedelta(hours=hour) in Window.read(window)} == hours


def test_it_is_one_time_everywhere() -> None:
    assert datetime(2026, 3, 14, 8, tzinfo=timezone(timedelta(hours=6))) in Window()
    assert datetime(2026, 3, 14, 2, tzinfo=timezone(timedelta(hours=6))) not in Window()
