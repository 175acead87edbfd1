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


class BodyTooLarge(HTTPException):
    def __init__(self, most: int) -> None:
        super().__init__(413, f"A request may have {most // 1000:,} kB. Send less at once.", {"Connection": "close"})


class TooManyValues(HTTPException):
    def __init__(self) -> None:
        detail = f"A request may have {MOST_VALUES:,} commas. Send fewer values at once."
        super().__init__(413, detail, {"Connection": "close"})


class BodyTooSlow(HTTPException):
    def __init__(self) -> None:
        super().__init__(408, "The request did not arrive in time. Send it again.", {"Connection": "close"})


def limited(scope: Scope, receive: Receive, most: int) -> Receive:
    """`receive`, which raises where the body is too large or too slow; a request without a body costs nothing."""
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"")
    if not length and b"transfer-encoding" not in headers:
        return receive
    size, values, until, whole = 0, 0, time.monotonic() + LONGEST, False

    async def counted() -> Message:
        nonlocal size, values, whole
        if whole:
            return await receive()
        if length.isdigit() and int(length) > most:
            raise BodyTooLarge(most)
        try:
            async with asyncio.timeout(max(0.0, min(SLOWEST, until - time.monotonic()))):
                message = await receive()
        except TimeoutError:
            raise BodyTooSlow from None
        body = message.get("body", b"")
        size += len(body)
        values += body.count(b",")
        whole = not message.get("more_body", False)
        if size > most:
            raise BodyTooLarge(most)
        if values > MOST_VALUES:
            raise TooManyValues
        return message

    return counted
