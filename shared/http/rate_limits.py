"""Rate limits per address, account or token, and a growing wait after wrong passwords.

Kept in each process: with n replicas of a service somebody may ask n times as much, which still stops guessing and
floods, and costs no request a question to another server. The rate is the generic cell rate algorithm (ITU-T I.371):
one number per key. The `limits` package was tried and left: its memory storage starts a thread for each clean-up, which
walks all keys, and remembers any number of them.
"""

import hashlib
import time
from dataclasses import dataclass, fields, replace
from typing import Self

REMEMBERED = 50_000
LONGEST_WAIT = 900.0
FREE_TRIES = 3


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` in `seconds`, all of them at once if need be; no count is no limit."""

    count: int
    seconds: float = 60.0


FREE = Rate(0)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits: `strangers` for forms and complaints of anonymous visitors, `requests` for all requests of a client."""

    sign_ins: Rate = Rate(30)
    account: Rate = Rate(100, 3600)
    strangers: Rate = Rate(60)
    requests: Rate = Rate(1200)
    tokens: Rate = FREE

    @classmethod
    def read(cls, text: str, default: Self) -> Self:
        """`strangers=60/60 tokens=0`: a count, and in how many seconds; raises ValueError where it is not so."""
        names = {field.name for field in fields(cls)}
        given: dict[str, Rate] = {}
        for word in text.split():
            name, _, rate = word.partition("=")
            count, _, seconds = rate.partition("/")
            if name not in names or not count.isdecimal() or not (seconds or "60").isdecimal() or seconds == "0":
                raise ValueError(f"{word} is no limit. Write for example strangers=60/60; there are {sorted(names)}.")
            given[name] = Rate(int(count), float(seconds or 60))
        return replace(default, **given)


def _short(key: str) -> bytes:
    """A key of fixed length, however long the name, so that memory stays bounded."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Limiter:
    """One rate for many keys."""

    def __init__(self, rate: Rate) -> None:
        self._step = rate.seconds / rate.count if rate.count else 0.0
        self._burst = rate.seconds - self._step
        self._due: dict[bytes, float] = {}

    def wait(self, key: str) -> float:
        """0 where it may be, and it is counted; else seconds until it may."""
        if not self._step:
            return 0.0
        now, name = time.monotonic(), _short(key)
        due = max(now, self._due.get(name, now))
        if due - now > self._burst + 1e-9:
            return due - now - self._burst
        self._due[name] = due + self._step
        if len(self._due) > REMEMBERED:
            self._shrink(now)
        return 0.0

    def _shrink(self, now: float) -> None:
        """Forget those that may ask at once, and where that is not enough those that came first."""
        waiting = [(key, due) for key, due in self._due.items() if due > now]
        self._due = dict(waiting[-REMEMBERED // 2 :])


class Delays:
    """After three wrong passwords from one address for one account, each next try waits twice as long."""

    def __init__(self) -> None:
        self._failed: dict[bytes, tuple[int, float]] = {}

    def wait(self, key: str) -> float:
        return max(0.0, self._failed.get(_short(key), (0, 0.0))[1] - time.monotonic())

    def tried(self, key: str) -> None:
        """Before the password is looked at, so that who asks many times at once is not told as often."""
        name = _short(key)
        tries = self._failed.pop(name, (0, 0.0))[0] + 1
        pause = min(2.0 ** (tries - FREE_TRIES), LONGEST_WAIT) if tries >= FREE_TRIES else 0.0
        self._failed[name] = (tries, time.monotonic() + pause)
        if len(self._failed) > REMEMBERED:
            del self._failed[next(iter(self._failed))]

    def forget(self, key: str) -> None:
        """The right password."""
        self._failed.pop(_short(key), None)
