"""A light HTTP/1.1 client in a process of its own: many keep-alive connections, one request at a time on each.

It is written by hand because a general client takes more CPU for a request than the service that is measured.
"""

import asyncio
import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson

from tests.load.measuring import percentile

T = TypeVar("T")
FRESH = multiprocessing.get_context("forkserver")
FRESH.set_forkserver_preload(["tests.load.benchmarks"])
"""Imported once, and by none of the processes that are measured."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    seconds: float

    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass(frozen=True)
class Sent:
    """What a client saw: the seconds of each request, of them all, and its own CPU seconds."""

    latencies: list[float]
    seconds: float
    cpu: float

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def milliseconds(self, share: float) -> float:
        """A percentile of the requests."""
        return percentile(self.latencies, share) * 1000


class Connection(asyncio.Protocol):
    """One keep-alive connection; the answer must say how long it is."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or self._answer is None:
            return
        head = bytes(self._buffer[:end]).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(self._buffer) >= end + 4 + length:
            self._answer.set_result((int(head[9:12]), bytes(self._buffer[end + 4 : end + 4 + length])))
            self._buffer.clear()

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(error or ConnectionError("closed before the answer"))

    async def ask(self, request: bytes) -> Answer:
        self._answer = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        self._transport.write(request)
        status, body = await self._answer
        return Answer(status, body, time.perf_counter() - began)

    def close(self) -> None:
        self._transport.close()


async def connect(port: int) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


def get(path: str, token: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def post(path: str, token: str, body: Any, key: str) -> bytes:
    content = orjson.dumps(body)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def send_all(port: int, requests: Sequence[bytes], clients: int, expected: int) -> list[float]:
    """As fast as the answers come, on so many connections; raises where one is not as expected."""
    waiting, latencies = deque(requests), list[float]()

    async def one(connection: Connection) -> None:
        while waiting:
            answer = await connection.ask(waiting.popleft())
            if answer.status != expected:
                raise AssertionError(f"{answer.status}: {answer.body[:200]!r}")
            latencies.append(answer.seconds)

    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        for _ in range(clients):
            connection = await connect(port)
            stack.callback(connection.close)
            group.create_task(one(connection))
    return latencies


def sent(port: int, requests: Sequence[bytes], clients: int, expected: int) -> Sent:
    """To be called in a process of its own."""
    began, used = time.perf_counter(), time.process_time()
    latencies = asyncio.run(send_all(port, requests, clients, expected))
    return Sent(latencies, time.perf_counter() - began, time.process_time() - used)


def in_process(function: Callable[..., T], *given: Any) -> T:
    """The function's answer, from a fresh process."""
    with ProcessPoolExecutor(1, mp_context=FRESH) as pool:
        return pool.submit(function, *given).result()
