"""The delay between batches: a batch costs by its statements and hardly by its records."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LONGEST = 0.25
"""Seconds to wait at most because the last batch took as long."""


class BatchDelay:
    """A consumer waits `least` seconds after a batch, or as long as the batch took, while the next one grows.

    Nobody waits while somebody is waiting to see what they have written.
    """

    def __init__(self, least: float) -> None:
        self._least = least
        self._urgent = 0
        self._skip = asyncio.Event()

    async def wait(self, took: float) -> None:
        """`took` is how many seconds the last batch needed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(self._least, min(took, LONGEST))):
                await self._skip.wait()

    @contextmanager
    def skipped(self) -> Iterator[None]:
        """No delay for as long as somebody waits."""
        self._urgent += 1
        self._skip.set()
        try:
            yield
        finally:
            self._urgent -= 1
            if not self._urgent:
                self._skip.clear()
