"""What operators may set is read as they meant it or refused; a connection that says nothing is hung up on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import time
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI, Request

from deploy.gateway import server_settings
from deploy.installation import NotRunning, find
from shared.http.rate_limits import FREE, Limits, Rate
from shared.times import Window
from tests.system.conftest import Server, free_port

SERVERS = {"RECOURSE_KAFKA": "k", "RECOURSE_POSTGRES": "p", "RECOURSE_MASTER_KEY": bytes(32).hex()}


def test_what_the_environment_sets() -> None:
    given = {
        "RECOURSE_LIMITS": "strangers=5/10 tokens=1000", "RECOURSE_SESSION_MINUTES": "15",
        "RECOURSE_SESSION_HOURS": "8", "RECOURSE_LINK_DAYS": "30", "RECOURSE_BODY_MEGABYTES": "2.5",
        "RECOURSE_PURGE_WINDOW": "22:30-04:00",
    }  # fmt: skip
    found = server_settings.settings(given)
    assert found.pop("limits") == Limits(strangers=Rate(5, 10), tokens=Rate(1000))
    assert found.pop("purge_window") == Window(time(22, 30), time(4))
    assert found == {"session_idle": 900, "session_longest": 28_800, "link_days": 30, "most_bytes": 2_500_000}
    assert server_settings.settings({}, embedded=True)["limits"] == Limits(strangers=FREE, requests=FREE)


@pytest.mark.parametrize("wrong", ["01:00", "1:00-5:00", "01:00-25:00", "at night"])
def test_a_window_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(server_settings.NotUnderstood, match=f"RECOURSE_PURGE_WINDOW is {wrong}; write it like"):
        server_settings.settings({"RECOURSE_PURGE_WINDOW": wrong})


@pytest.mark.parametrize("wrong", ["strangers", "strangers=x", "strangers=5/0", "others=5/60", "strangers=-1"])
def test_a_limit_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no limit"):
        server_settings.settings({"RECOURSE_LIMITS": wrong})


def test_a_secret_is_changed_only_where_ids_stay(tmp_path: Path) -> None:
    once = find(tmp_path, SERVERS | {"RECOURSE_SECRET": "first"})
    assert once.settings("postgresql:///x").ids == "first"
    with pytest.raises(NotRunning, match="RECOURSE_ID_SECRET"):
        find(tmp_path, SERVERS | {"RECOURSE_SECRET": "second\nfirst"})
    changed = find(tmp_path, SERVERS | {"RECOURSE_SECRET": "second\nfirst", "RECOURSE_ID_SECRET": "first"})
    assert changed.settings("postgresql:///x").ids == "first"


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

    server = Server(uvicorn.Config(app, port=port, log_level="critical", **server_settings.server({})))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.02)
    try:
        yield port
    finally:
        server.should_exit = True
        await serving


async def test_headers_that_do_not_come_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_settings, "HEADERS_WITHIN", 0.3)
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
        monkeypatch.setattr(server_settings, "REST_MOST", 500_000)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(asked % 10_000_000 + b"x" * 900_000)
        with contextlib.suppress(ConnectionError):  # hung up on
            await asyncio.wait_for(reader.read(), 60)
