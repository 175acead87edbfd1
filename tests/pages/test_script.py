"""What the one script adds: live pages that never take words away, drafts, undo and fresh times."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from playwright.async_api import Dialog, Page, expect
from starlette.types import Receive, Scope, Send

from shared.identity import Who
from shared.web.pages import Pages, error_page, flash, security_headers, static_files
from tests.pages.checks import served

LIST = """{% extends "staff.html" %}{% import "components.html" as ui %}
{% block title %}List{% endblock %}
{% block content %}<h1>List</h1><p id="count">{{ count }}</p>
{% call ui.table("Rows", ["Name"], select=true) %}
{% for name in names %}<tr>{{ ui.row_check(name, name) }}<th scope="row"><a href="/{{ name }}">{{ name }}</a></th></tr>
{% endfor %}{% endcall %}
<form method="post" action="/send">{{ ui.textarea("words", "Words", draft="case-1") }}
{{ ui.radios("outcome", "Outcome", [("upheld", "Upheld"), ("withdrawn", "Withdrawn")]) }}
{{ ui.select("cause", "Cause", [("", "Choose"), ("system", "System")]) }}
{{ ui.select("redress", "Redress", [("refund", "Refund"), ("none", "None")], "none") }}
{{ ui.checkbox("told", "Told", true) }}{{ ui.field("amount", "Amount", "1", type="number") }}
{{ ui.button("Send") }}</form>
{% endblock %}"""


class Shown:
    """What the page shows, and how often it has been told to look again."""

    def __init__(self) -> None:
        self.count = 0
        self.undone = 0
        self.refuses = False
        self.who: Who | None = None


@pytest.fixture
def shown() -> Shown:
    return Shown()


@pytest.fixture
def address(tmp_path: Path, shown: Shown) -> Iterator[str]:
    (tmp_path / "list.html").write_text(LIST)
    pages = Pages(tmp_path)
    app = FastAPI()

    @app.get("/list")
    def listed(request: Request) -> Response:
        return pages.render(request, "list.html", live="/live", count=shown.count, names=["ada", "bo"], who=shown.who)

    @app.get("/live")
    async def live() -> Response:
        async def told() -> AsyncIterator[str]:
            seen = shown.count
            while True:
                if shown.count != seen:
                    seen = shown.count
                    yield f"data: {seen}\n\n"
                await asyncio.sleep(0.02)

        return StreamingResponse(told(), media_type="text/event-stream")

    @app.post("/send")
    def send(request: Request) -> Response:
        if shown.refuses:
            return error_page(request, 401, "Not signed in", "Nothing was saved", "Sign in")
        response = RedirectResponse("/list", 303)
        flash(request, response, "Sent", undo="/undo")
        return response

    @app.post("/signout")
    def sign_out() -> Response:
        shown.who = None
        return RedirectResponse("/list", 303)

    @app.post("/undo")
    def undo() -> Response:
        shown.undone += 1
        return RedirectResponse("/list", 303)

    @app.get("/cases")
    def cases(request: Request) -> Response:
        counts = {"cases": {"mine": 4, "late": 0}, "alerts": 3}
        return pages.render(request, "list.html", count=0, names=[], counts=counts, who=shown.who)

    app.mount("/static", static_files())
    app.add_middleware(security_headers)

    async def signed_in(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {}).update(session="a session", csrf="what its forms know")
        await app(scope, receive, send)

    with served(signed_in) as found:
        yield found


async def opened(page: Page, address: str) -> None:
    """Open the list and wait until it listens; its stream never ends."""
    async with page.expect_response("**/live"):
        await page.goto(address + "/list")


async def test_a_page_follows_its_stream_and_keeps_the_row(page: Page, address: str, shown: Shown) -> None:
    await opened(page, address)
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    shown.count = 1
    await expect(page.locator("#count")).to_have_text("1")
    await expect(page.locator("tr.current")).to_contain_text("bo")
    await expect(page.get_by_role("link", name="bo")).to_be_focused()


async def test_every_page_has_the_bell_and_the_figures_of_cases(page: Page, address: str, shown: Shown) -> None:
    await opened(page, address)
    shown.who = Who("ines@example.org", "Ines", "handler")
    assert await page.get_by_label("3 alerts").count() == 0, "a stranger has no cases"
    await opened(page, address)
    await expect(page.get_by_label("3 alerts")).to_be_visible()
    shown.count = 1
    await expect(page.locator("#count")).to_have_text("1")
    await expect(page.locator("[data-rail] .dot")).to_have_text("4 mine")
    await expect(page.locator("[data-rail] a", has_text="Cases").locator(".dot")).to_be_visible()


async def test_a_page_never_takes_words_away(page: Page, address: str, shown: Shown) -> None:
    await opened(page, address)
    await page.get_by_label("Words").fill("Half a sentence")
    shown.count = 1
    await expect(page.locator(".stale")).to_be_visible()
    await expect(page.get_by_label("Words")).to_have_value("Half a sentence")
    await expect(page.locator("#count")).to_have_text("0")


async def test_a_page_never_takes_a_selection_away(page: Page, address: str, shown: Shown) -> None:
    await opened(page, address)
    await page.get_by_label("Select bo").check()
    shown.count = 1
    await expect(page.locator(".stale")).to_be_visible()
    await expect(page.get_by_label("Select bo")).to_be_checked()


@pytest.mark.parametrize("chosen", ["Withdrawn", "Cause", "Redress", "Told", "Amount"])
async def test_a_page_never_takes_a_choice_away(page: Page, address: str, shown: Shown, chosen: str) -> None:
    await opened(page, address)
    field = page.get_by_label(chosen, exact=True)
    if chosen in ("Cause", "Redress"):
        await field.select_option(index={"Cause": 1, "Redress": 0}[chosen])
    elif chosen == "Amount":
        await field.fill("2")
    else:
        await field.set_checked(chosen != "Told")
    kept = await field.evaluate("(field) => [field.value, field.checked]")
    await field.blur()
    shown.count = 1
    await expect(page.locator(".stale")).to_be_visible()
    await expect(page.locator("#count")).to_have_text("0")
    assert await field.evaluate("(field) => [field.value, field.checked]") == kept


async def test_leaving_warns_and_the_draft_is_there_again(page: Page, address: str) -> None:
    asked: list[str] = []

    async def leave(dialog: object) -> None:
        asked.append(dialog.type)  # type: ignore[attr-defined]
        await dialog.accept()  # type: ignore[attr-defined]

    page.on("dialog", leave)
    await opened(page, address)
    await page.get_by_label("Words").press_sequentially("Not yet sent")
    await expect(page.locator("[data-draft-state]")).to_have_text("Draft saved on this device")
    await opened(page, address)
    assert asked == ["beforeunload"]
    await expect(page.get_by_label("Words")).to_have_value("Not yet sent")


async def test_what_was_sent_can_be_undone_and_leaves_no_draft(page: Page, address: str, shown: Shown) -> None:
    await opened(page, address)
    await page.get_by_label("Words").fill("Done")
    await expect(page.locator("[data-draft-state]")).to_have_text("Draft saved on this device")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".toast")).to_contain_text("Sent")
    await expect(page.get_by_label("Words")).to_have_value("")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator(".toast")).to_have_count(0)
    assert shown.undone == 1


async def test_words_that_were_refused_are_there_again(page: Page, address: str, shown: Shown) -> None:
    await opened(page, address)
    shown.refuses = True
    await page.get_by_label("Words").fill("Not yet taken")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".trouble")).to_be_visible()
    await opened(page, address)
    await expect(page.get_by_label("Words")).to_have_value("Not yet taken")
    shown.refuses = False
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".toast")).to_contain_text("Sent")
    await opened(page, address)
    await expect(page.get_by_label("Words")).to_have_value("")


@pytest.mark.parametrize("way", ["anew", "back"])
async def test_words_that_never_arrived_are_there_again(page: Page, address: str, way: str) -> None:
    await opened(page, address)
    await page.get_by_role("link", name="ada").evaluate("(link) => { link.href = '/list'; link.click(); }")
    await page.wait_for_load_state()
    await page.get_by_label("Words").fill("Not yet taken")
    await page.route("**/send", lambda route: route.abort("connectionreset"))
    await page.get_by_role("button", name="Send").click()
    await page.wait_for_url("chrome-error://**")
    await (opened(page, address) if way == "anew" else page.go_back())
    await expect(page.get_by_label("Words")).to_have_value("Not yet taken")
    assert await page.evaluate("sessionStorage.getItem('draft:case-1')") == "Not yet taken"


async def test_a_draft_is_its_account_s_alone(page: Page, address: str, shown: Shown) -> None:
    ines, bo = Who("ines@example.org", "Ines", "handler"), Who("bo@example.org", "Bo", "handler")
    for shown.who, found in ((ines, ""), (bo, ""), (None, ""), (ines, "Of Ines"), (bo, "Of Bo"), (None, "Of nobody")):
        await opened(page, address)
        await expect(page.get_by_label("Words")).to_have_value(found)
        if not found:
            await page.get_by_label("Words").fill(f"Of {shown.who.name if shown.who else 'nobody'}")
            await expect(page.locator("[data-draft-state]")).to_have_text("Draft saved on this device")
    assert "example.org" not in await page.evaluate("JSON.stringify(localStorage)")
    later = await page.context.new_page()
    await opened(later, address)
    await expect(later.get_by_label("Words")).to_have_value("")


async def test_no_draft_outlives_a_sign_out(page: Page, address: str, shown: Shown) -> None:
    ines = shown.who = Who("ines@example.org", "Ines", "handler")
    await opened(page, address)
    await page.evaluate("localStorage.setItem('draft:other:case-1', 'Of Bo')")
    await page.get_by_label("Words").fill("Private")
    await expect(page.locator("[data-draft-state]")).to_have_text("Draft saved on this device")
    asked: list[str] = []

    async def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.accept()

    page.on("dialog", leave)
    await page.get_by_label("Your account and settings").click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.locator("a[href='/signin']")).to_have_count(1)
    assert asked == ["beforeunload"], "words that nothing keeps are not left without a warning"
    assert await page.evaluate("({...localStorage})") == {"draft:other:case-1": "Of Bo"}
    shown.who = ines
    await opened(page, address)
    await expect(page.get_by_label("Words")).to_have_value("")


async def test_times_say_the_same_as_the_server(page: Page, address: str) -> None:
    await page.clock.install()
    await page.goto(address + "/list")
    said = await page.evaluate(
        """async () => {
          const minutes = [2 * 1440 + 245, -185, 0, 64800, -1152000, 0.5];
          const now = Date.now();
          document.querySelector("main").innerHTML = minutes.map((minute) => {
            const at = new Date(now + minute * 60000 + (minute > 0 ? 31000 : -31000)).toISOString();
            return `<time datetime="${at}" data-time="when"><span></span></time>`;
          }).join("");
        }"""
    )
    assert said is None
    await page.clock.run_for(30_000)
    assert await page.locator("main time").all_inner_texts() == [
        "in 2 d 4 h",
        "3 h 6 min ago",
        "1 min ago",
        "in 45 d",
        "2 y ago",
        "now",
    ]
