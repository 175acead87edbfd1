"""Pages carry their headers, show a notice once, and say in plain words what went wrong."""

import base64
import json
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from itsdangerous import URLSafeSerializer

from shared.http.headers import security_headers
from shared.web.pages import error_page, flash, render, static_files
from shared.web.templating import edition, static


def app() -> FastAPI:
    """As somebody sees it who is signed in."""
    made = FastAPI()

    @made.middleware("http")
    async def session(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        request.state.session, request.state.csrf = SimpleNamespace(id="s"), "what only this session's forms know"
        return await call_next(request)

    @made.get("/signin")
    def signin(request: Request) -> Response:
        return render(request, "signin.html", email="a@b", errors={"password": "Enter your password"})

    @made.get("/broken")
    def broken(request: Request, staff: bool = False) -> Response:
        if staff:
            request.state.who = SimpleNamespace(id="1", name="Ines", role="Handler")
        return error_page(request, 503, "Not here", "It broke", "Try again", reference="R-17")

    @made.get("/done")
    def done(request: Request, undo: str = "/cases/1/unassign") -> Response:
        response = RedirectResponse("/signin", 303)
        flash(request, response, "Assigned <to> you", undo=undo, fields={"version": "4"})
        return response

    made.mount("/static", static_files())
    made.add_middleware(security_headers)
    return made


@pytest.fixture
def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app()), base_url="http://test", follow_redirects=True)


@pytest.mark.parametrize("path", ["/signin", "/nowhere", "/static/tokens.css"])
async def test_every_answer_carries_the_policy(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"


async def test_static_files_are_kept_under_their_edition_only(client: httpx.AsyncClient) -> None:
    ours = static("script/page.js")
    other = ours.replace(edition(), "v-0123456789ab")
    for address, kept in ((ours, "immutable"), (other, "no-cache"), ("/static/script/page.js", "no-cache")):
        sent = await client.get(address)
        assert (sent.status_code, kept in sent.headers["cache-control"]) == (200, True), address
        assert "javascript" in sent.headers["content-type"]
    for address in (f"/static/{edition()}", f"/static/{edition()}/none.js", f"/static/{edition()}/../pages.py"):
        assert (await client.get(address)).status_code == 404


async def test_a_failed_sign_in_shows_what_to_fix(client: httpx.AsyncClient) -> None:
    text = (await client.get("/signin")).text
    assert "There is a problem" in text
    assert 'href="#f-password"' in text
    assert 'value="a@b"' in text


async def test_errors_keep_the_readers_shell(client: httpx.AsyncClient) -> None:
    answer = await client.get("/broken")
    assert answer.status_code == 503
    assert all(words in answer.text for words in ("Not here", "It broke", "Try again", "R-17"))
    assert "data-rail" not in answer.text
    assert "data-rail" in (await client.get("/broken?staff=1")).text


async def test_a_notice_is_shown_once_with_its_undo(client: httpx.AsyncClient) -> None:
    text = (await client.get("/done")).text
    assert "Assigned &lt;to&gt; you" in text
    assert 'action="/cases/1/unassign"' in text
    assert "Assigned" not in (await client.get("/signin")).text


async def test_a_live_update_does_not_eat_a_notice(client: httpx.AsyncClient) -> None:
    await client.get("/done", follow_redirects=False)
    assert "Assigned" not in (await client.get("/signin", headers={"X-Live": "1"})).text
    assert "Assigned" in (await client.get("/signin")).text


@pytest.mark.parametrize("undo", ["//evil.example/x", "https://evil.example", "/\\evil.example"])
async def test_an_undo_never_leads_elsewhere(client: httpx.AsyncClient, undo: str) -> None:
    assert "evil" not in (await client.get("/done", params={"undo": undo})).text


FORGED = {"text": "Go on", "undo": "/erase", "fields": {}}


@pytest.mark.parametrize(
    "value",
    [
        "", "?", "bnVsbA==", base64.b64encode(json.dumps(FORGED).encode()).decode(),
        base64.b64encode(json.dumps(FORGED | {"text": "\ud800"}).encode()).decode(),
        base64.b64encode(b"[" * 2500).decode(), URLSafeSerializer("another session's", salt="notice").dumps(FORGED),
    ],
)  # fmt: skip
async def test_a_notice_that_we_have_not_written_is_not_shown(client: httpx.AsyncClient, value: Any) -> None:
    """Another site may plant a cookie, and a notice is a form that the reader's session would send."""
    for path, status in (("/signin", 200), ("/broken", 503)):
        answer = await client.get(path, headers={"Cookie": f"notice={value}"})
        assert answer.status_code == status
        assert 'class="toast"' not in answer.text


async def test_the_theme_follows_its_cookie(client: httpx.AsyncClient) -> None:
    for theme, said in (("dark", True), ("sepia", False)):
        text = (await client.get("/signin", headers={"Cookie": f"theme={theme}"})).text
        assert (f'data-theme="{theme}"' in text) is said
