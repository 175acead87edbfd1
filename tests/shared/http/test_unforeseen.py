"""What nobody foresaw is answered as all else: guarded, counted, told to the operator, and to others without detail."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from fastapi.responses import StreamingResponse

from shared.telemetry import REQUESTS
from tests.serving import Served
from tests.shared.small import small


@pytest_asyncio.fixture(scope="module")
async def served(kafka: str, postgres: Callable[[str], str]) -> AsyncIterator[Served]:
    async with small(kafka, postgres) as served:
        for path in ("/failure", "/api/v1/failure"):

            @served.app.get(path)
            async def failure() -> None:
                raise ZeroDivisionError

        @served.app.get("/stream")
        async def stream() -> StreamingResponse:
            async def breaks_off() -> AsyncIterator[str]:
                yield "half of it"
                raise ZeroDivisionError

            return StreamingResponse(breaks_off())

        yield served


@pytest.mark.parametrize("path", ["/failure", "/api/v1/failure"])
async def test_a_failure_is_guarded_counted_and_logged(
    served: Served, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    counted = REQUESTS.labels("5xx")._value.get()
    async with served.client() as client:
        answer = await client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 500
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert REQUESTS.labels("5xx")._value.get() == counted + 1
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert "ZeroDivisionError" not in answer.text
    if path.startswith("/api/"):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["reference"] in said
    else:
        assert "<h1>Something went wrong</h1>" in answer.text


async def test_an_answer_that_breaks_off_is_logged_and_goes_no_further(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    async with served.client() as client:
        with pytest.raises(ZeroDivisionError):
            await client.get("/stream")
    assert "ZeroDivisionError" in capsys.readouterr().err


async def test_who_hangs_up_is_no_failure_of_ours(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    counted, sent = REQUESTS.labels("5xx")._value.get(), []
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"csrf=", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: object) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/x-www-form-urlencoded"), (b"content-length", b"9")]
    scope = {
        "type": "http", "method": "POST", "path": "/form", "headers": headers, "query_string": b"", "scheme": "http",
        "server": ("test", 80), "client": ("192.0.2.1", 1), "http_version": "1.1", "root_path": "",
    }  # fmt: skip
    await served.app(scope, receive, send)
    assert sent == []
    assert REQUESTS.labels("5xx")._value.get() == counted
    assert "request failed" not in capsys.readouterr().err
