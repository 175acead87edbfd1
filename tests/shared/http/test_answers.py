"""Every answer is safe to show: its headers, its failures, and its notices."""

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from itsdangerous import URLSafeSerializer

from tests.serving import Served
from tests.shared.small import accounts, browser, csrf, sign_in, small

PAGE = {"Accept": "text/html"}


@pytest_asyncio.fixture(scope="module")
async def served(
    kafka: str, postgres: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    file = accounts(tmp_path_factory.mktemp("accounts"), hanna="handler")
    async with small(kafka, postgres, accounts=file) as served:
        yield served


@pytest.mark.parametrize("path", ["/signin", "/api/v1/who", "/nowhere", "/static/tokens.css", "/health/live"])
async def test_every_answer_carries_what_keeps_it_safe(served: Served, path: str) -> None:
    async with browser(served) as client:
        headers = (await client.get(path)).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert ("no-store" in headers["cache-control"]) == (not path.startswith("/static"))
    assert "strict-transport-security" not in headers
    assert "server" not in headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404), ("DELETE", "/form", 405), ("GET", "/api/v1/cases", 401),
        ("POST", "/api/v1/erasures", 401), ("GET", "/static/nothing.css", 404),
    ],
)  # fmt: skip
async def test_every_failure_is_a_problem_or_a_page(served: Served, method: str, path: str, status: int) -> None:
    async with browser(served, headers={}) as client:
        told = await client.request(method, path)
        shown = await client.request(method, path, headers=PAGE)
    assert (told.status_code, told.headers["content-type"]) == (status, "application/problem+json")
    assert told.json()["status"] == status
    if not path.startswith("/api/v1/c") and not path.startswith("/api/v1/e"):
        assert (shown.status_code, "<h1>" in shown.text) == (status, True)


@pytest.mark.parametrize(
    "path", ["/metrics/x", "/health/x", "/static/none.css", "/nowhere", "/signin", "/api/v1/cases"]
)
async def test_a_notice_that_somebody_planted_is_not_shown(served: Served, path: str) -> None:
    """Neither signed with nothing, nor with what the forms of a visitor know whose cookie was planted beside it."""
    planted = {"text": "Call 0900 123", "undo": "/signout", "label": "", "fields": {}}
    async with browser(served) as client:
        field = await csrf(client)
        for key in ("", field):
            client.cookies.set("notice", str(URLSafeSerializer(key, salt="notice").dumps(planted)))
            assert "0900" not in (await client.get(path, follow_redirects=True)).text
        await sign_in(client, "hanna")
        for key in ("", field):
            client.cookies.set("notice", str(URLSafeSerializer(key, salt="notice").dumps(planted)))
            assert "0900" not in (await client.get(path, follow_redirects=True)).text
