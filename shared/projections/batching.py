"""How long consumers rest between batches: a batch costs by its statements and hardly by its records."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LONGEST = 0.25
"""Seconds that a consumer rests at most because its last batch took as long."""


class Pace:
    """After a batch a consumer rests for `least` seconds, or as long as it worked, while the next one grows.

    While somebody waits to see what they have written, nobody rests.
    """

    def __init__(self, least: float) -> None:
        self._least = least
        self._waiting = 0
        self._hurry = asyncio.Event()

    async def rest(self, worked: float) -> None:
        """`worked` is how many seconds the batch took."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(self._least, min(worked, LONGEST))):
                await self._hurry.wait()

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """For as long as somebody waits."""
        self._waiting += 1
        self._hurry.set()
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._hurry.clear()
