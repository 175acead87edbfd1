"""A connection that says nothing is hung up on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import uvicorn
from fastapi import FastAPI, Request

from deploy.gateway import server as edge
from tests.system.conftest import Server, free_port


@contextlib.asynccontextmanager
async def speaking() -> AsyncIterator[int]:
    """A server as operators set it, with little behind it."""
    app, port = FastAPI(), free_port()

    @app.get("/")
    async def slow() -> dict[str, str]:
        await asyncio.sleep(0.6)
        return {}

    @app.post("/")
    async def length(request: Request) -> int:
        return len(await request.body())

    @app.post("/unread")
    async def unread() -> str:
        return "no"

    server = Server(uvicorn.Config(app, port=port, log_level="critical", **edge.options({})))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.02)
    try:
        yield port
    finally:
        server.should_exit = True
        await serving


async def test_headers_that_do_not_come_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "HEADERS_WITHIN", 0.3)
    request = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
    async with speaking() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await asyncio.wait_for(reader.read(), 60) == b""  # nothing said
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):  # a slow answer is not a slow request, and a connection is used again
            writer.write(request)
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n{}"), 60)
            assert head.startswith(b"HTTP/1.1 200")
            assert b"server:" not in head.lower()
        writer.write(request[:20])
        assert await asyncio.wait_for(reader.read(), 60) == b""


START = b" HTTP/1.1\r\nHost: here\r\n"
PARTS = {
    "a header that does not end": b"GET /" + START + b"X: " + b"x" * 100_000,
    "a header": b"GET /" + START + b"X: " + b"x" * 40_000 + b"\r\n\r\n",
    "many headers": b"GET /" + START + b"X: 1234567890\r\n" * 4_000 + b"\r\n",
    "the path": b"GET /" + b"x" * 40_000 + START + b"\r\n",
    "the query": b"GET /?" + b"x" * 40_000 + START + b"\r\n",
    "a second request": b"GET /" + START + b"\r\nGET /" + b"x" * 40_000 + START + b"\r\n",
    "a trailer": b"POST /" + START + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * 40_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("sent", PARTS.values(), ids=PARTS)
async def test_headers_of_one_segment_may_be_no_longer_than_those_of_many(sent: bytes) -> None:
    async with speaking() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        answer = await asyncio.wait_for(reader.read(), 60)
        assert answer.count(b"HTTP/1.1 400 ") == 1
        assert answer.endswith(b"The address and the headers are too long.")


async def test_headers_of_many_segments_are_counted_together_and_a_body_is_none_of_them() -> None:
    async with speaking() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /" + START)
        for _ in range(33):
            await asyncio.sleep(0.01)
            writer.write(b"X: " + b"x" * 1_000 + b"\r\n")
        assert b" 400 " in await asyncio.wait_for(reader.readline(), 60)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /" + START + b"Connection: close\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000)
        assert (await asyncio.wait_for(reader.read(), 60)).endswith(b"\r\n100000")


async def test_who_still_sends_a_body_reads_the_answer_and_may_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer does not wait for what it does not need; the rest of that is no header."""
    asked = b"POST /unread" + START + b"Content-Length: %d\r\n\r\n"
    async with speaking() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(asked % 900_000)
            head = await asyncio.wait_for(reader.readuntil(b'"no"'), 60)
            assert head.startswith(b"HTTP/1.1 200")
            for _ in range(9):
                writer.write(b"x" * 100_000)
                await writer.drain()
        writer.write(b"GET /" + START + b"\r\n")
        assert b" 200 " in await asyncio.wait_for(reader.readline(), 60)
        monkeypatch.setattr(edge, "REST_MOST", 500_000)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(asked % 10_000_000 + b"x" * 900_000)
        with contextlib.suppress(ConnectionError):  # hung up on
            await asyncio.wait_for(reader.read(), 60)
