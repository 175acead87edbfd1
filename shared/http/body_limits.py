"""Limits on the size and duration of request bodies, counted as they arrive, whatever their headers claim."""

import asyncio
import time

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

SLOWEST = 20.0
"""Seconds without a byte."""
LONGEST = 120.0
"""Seconds for all of it."""
MOST_VALUES = 500_000
"""Commas: JSON is parsed on the event loop, and short values take it twenty times as long as the same bytes of text."""


def _refused(status: int, detail: str) -> HTTPException:
    return HTTPException(status, detail, {"Connection": "close"})


def limited(scope: Scope, receive: Receive, most: int) -> Receive:
    """`receive`, which raises where the body is too large or too slow; a request without a body costs nothing."""
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"")
    if not length and b"transfer-encoding" not in headers:
        return receive
    size, values, until, whole = 0, 0, time.monotonic() + LONGEST, False
    too_large = _refused(413, f"A request may have {most // 1000:,} kB. Send less at once.")

    async def counted() -> Message:
        nonlocal size, values, whole
        if whole:
            return await receive()
        if length.isdigit() and int(length) > most:
            raise too_large
        try:
            async with asyncio.timeout(max(0.0, min(SLOWEST, until - time.monotonic()))):
                message = await receive()
        except TimeoutError:
            raise _refused(408, "The request did not arrive in time. Send it again.") from None
        body = message.get("body", b"")
        size += len(body)
        values += body.count(b",")
        whole = not message.get("more_body", False)
        if size > most:
            raise too_large
        if values > MOST_VALUES:
            raise _refused(413, f"A request may have {MOST_VALUES:,} commas. Send fewer values at once.")
        return message

    return counted
