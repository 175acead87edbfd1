"""What operators may set is read as they meant it or refused; a connection that says nothing is hung up on."""

import asyncio
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI

from deploy.gateway import server_settings
from deploy.installation import NotRunning, find
from shared.http.rate_limits import FREE, Limits, Rate
from tests.system.conftest import Server, free_port

SERVERS = {"RECOURSE_KAFKA": "k", "RECOURSE_POSTGRES": "p", "RECOURSE_MASTER_KEY": bytes(32).hex()}


def test_what_the_environment_sets() -> None:
    given = {
        "RECOURSE_LIMITS": "strangers=5/10 tokens=1000", "RECOURSE_SESSION_MINUTES": "15",
        "RECOURSE_SESSION_HOURS": "8", "RECOURSE_LINK_DAYS": "30", "RECOURSE_BODY_MEGABYTES": "2.5",
    }  # fmt: skip
    found = server_settings.settings(given)
    assert found.pop("limits") == Limits(strangers=Rate(5, 10), tokens=Rate(1000))
    assert found == {"session_idle": 900, "session_longest": 28_800, "link_days": 30, "most_bytes": 2_500_000}
    assert server_settings.settings({}, embedded=True)["limits"] == Limits(strangers=FREE, requests=FREE)


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


async def test_headers_that_do_not_come_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_settings, "HEADERS_WITHIN", 0.3)
    app, port = FastAPI(), free_port()

    @app.get("/")
    async def slow() -> dict[str, str]:
        await asyncio.sleep(0.6)
        return {}

    server = Server(uvicorn.Config(app, port=port, log_level="error", **server_settings.server({})))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.02)
    request = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
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
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: here\r\nX: " + b"x" * 100_000)
    assert b" 400 " in await asyncio.wait_for(reader.readline(), 60)
    server.should_exit = True
    await serving
