"""Nobody gets more than their rate in the long run, nor more than the count at once; what is remembered is bounded."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http import rate_limits
from shared.http.rate_limits import FREE, Delays, Limiter, Rate

PAUSES = st.lists(st.floats(0, 30), min_size=1, max_size=200)


@given(st.integers(1, 20), st.floats(1, 100), PAUSES)
def test_no_more_than_the_rate_and_the_wait_is_enough(count: int, seconds: float, pauses: list[float]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        now, allowed, waits = 1000.0, [], []
        limiter = Limiter(Rate(count, seconds))
        for pause in pauses:
            now += pause
            patch.setattr(time, "monotonic", lambda now=now: now)
            wait = limiter.wait("someone")
            waits.append(wait)
            if not wait:
                allowed.append(now)
            else:
                patch.setattr(time, "monotonic", lambda then=now + wait + 1e-6: then)
                assert Limiter.wait(_copy(limiter), "someone") == 0.0
        for at in allowed:
            within = [other for other in allowed if at <= other < at + seconds]
            assert len(within) <= 2 * count  # all at once at the end of one span and the rest over the next
        assert not any(waits[:count])


def _copy(limiter: Limiter) -> Limiter:
    """To look ahead without asking."""
    other = Limiter(FREE)
    other._step, other._burst, other._due = limiter._step, limiter._burst, dict(limiter._due)
    return other


def test_one_does_not_wait_for_another_and_free_is_free() -> None:
    limiter = Limiter(Rate(1, 3600))
    assert [limiter.wait(name) > 0 for name in ("a", "a", "b")] == [False, True, False]
    assert not any(Limiter(FREE).wait("a") for _ in range(1000))


def test_a_flood_of_addresses_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "REMEMBERED", 100)
    limiter, delays = Limiter(Rate(1, 3600)), Delays()
    for n in range(1000):
        limiter.wait(str(n))
        delays.tried(str(n))
    assert len(limiter._due) <= 101
    assert len(delays._failed) <= 101
    assert limiter.wait("999") > 0


def test_waits_double_and_have_an_end() -> None:
    delays, waits = Delays(), []
    for _ in range(15):
        delays.tried("one")
        waits.append(round(delays.wait("one")))
    assert waits[:7] == [0, 0, 1, 2, 4, 8, 16]
    assert waits[-1] == 900
    delays.forget("one")
    assert delays.wait("one") == 0
