"""The HTTP server of a process: who takes too long, or too many bytes, to say what they want is hung up on."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_WITHIN = 20.0
HEADERS_MOST = 32 * 1024
REST_MOST = 10_000_000
"""Bytes of a body whose request was answered before they came: who still sends them reads the answer after that."""
TOO_LONG = "The address and the headers are too long."


class Patient(HttpToolsProtocol):
    """Hangs up on whoever takes too long, or too many bytes, to say what they want: uvicorn waits for headers for ever,
    and takes any number of them, of any length.

    `_said` counts what has arrived and is no whole header yet, `_length` the address and the headers that are whole:
    one segment may hold a hundred thousand bytes of either.
    """

    _waiting: asyncio.TimerHandle | None = None
    _said = _length = 0
    _in_message = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._waiting = self.loop.call_later(HEADERS_WITHIN, transport.close)

    def data_received(self, data: bytes) -> None:
        before, rest = self.cycle, self._in_message
        super().data_received(data)
        if self.cycle is not before:
            self._wait_no_more()
        elif self.cycle is None or self.cycle.response_complete:
            ended = rest and not self._in_message
            self._said = 0 if ended else self._said + len(data)
            self._waiting = self._waiting or self.loop.call_later(HEADERS_WITHIN, self.transport.close)
            if self._said > (REST_MOST if rest else HEADERS_MOST):
                self.send_400_response(TOO_LONG)

    def on_message_begin(self) -> None:
        self._length = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_message = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_message = False
        super().on_message_complete()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def _count(self, more: int) -> None:
        """The parser stops where this raises, and uvicorn answers that it was no request."""
        self._length += more
        if self._length > HEADERS_MOST:
            self.send_400_response(TOO_LONG)
            raise ValueError(TOO_LONG)

    def send_400_response(self, msg: str) -> None:
        """The first of them: more than one thing may be wrong."""
        if not self.transport.is_closing():
            super().send_400_response(msg)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait_no_more(self) -> None:
        self._said = 0
        if self._waiting:
            self._waiting.cancel()
            self._waiting = None


def options(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Options of uvicorn. X-Forwarded-For and -Proto are believed from FORWARDED_ALLOW_IPS: addresses or
    networks of the gateway and of what stands before it; else nobody's."""
    return {
        "http": Patient, "timeout_keep_alive": 75,
        "forwarded_allow_ips": environment.get("FORWARDED_ALLOW_IPS", ""), "server_header": False,
    }  # fmt: skip
