"""A page with a live list and forms, as a service has them, for the tests of the script."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from playwright.async_api import Page
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http.headers import security_headers
from shared.security.permissions import Who
from shared.web.pages import Pages, error_page, flash, static_files

LIST = """{% extends "staff.html" %}{% import "components.html" as ui %}
{% block title %}List{% endblock %}
{% block content %}{{ ui.error_summary(errors) }}<h1>List</h1><p id="count">{{ count }}</p>
{% call ui.table("Rows", ["Name"], select=true) %}
{% for name in names %}<tr>{{ ui.row_check(name, name) }}<th scope="row"><a href="/{{ name }}">{{ name }}</a></th></tr>
{% endfor %}{% endcall %}
<form method="post" action="/send">{{ ui.textarea("words", "Words", draft="case-1") }}
{{ ui.radios("outcome", "Outcome", [("upheld", "Upheld"), ("withdrawn", "Withdrawn")]) }}
{{ ui.select("cause", "Cause", [("", "Choose"), ("system", "System")]) }}
{{ ui.select("redress", "Redress", [("refund", "Refund"), ("none", "None")], "none") }}
{{ ui.checkbox("told", "Told", true) }}{{ ui.field("amount", "Amount", "1", type="number") }}
{{ ui.button("Send") }}</form>
<section id="notes"><h2>Notes</h2>
<details id="panel"><summary>Add a note</summary>
<form method="post" action="/note"{{ ui.in_place() }}>
{{ ui.textarea("note", "Note", typed, errors.get("note", ""), draft="note-1") }}
<input type="hidden" name="version" value="{{ version }}">{{ ui.button("Add note") }}</form></details>
<details id="other"><summary>Owner</summary>
<form method="post" action="/owner"{{ ui.in_place() }}>{{ ui.field("owner", "Owner", "") }}
<input type="hidden" name="version" value="{{ version }}">{{ ui.button("Change owner") }}</form></details>
{% if not taken %}{{ ui.post_button("/take", "Take it", csrf) }}{% endif %}
{{ ui.dialog_button("sure", "Erase", "/erase") }}
<button type="button" hx-on:click="window.ran = true">Code</button></section>
<p id="far">{% for _ in range(60) %}Far down.<br>{% endfor %}</p>
{{ ui.post_button("/take", "Take it from here", csrf) }}
{% call ui.dialog("sure", "Erase this?", "/take", "Erase for good", csrf) %}<p>It cannot be undone.</p>{% endcall %}
{% endblock %}"""


class Shown:
    """The text of the page, and the number of times that it was told to refresh."""

    def __init__(self) -> None:
        self.count = 0
        self.version = 1
        self.undone = 0
        self.taken = False
        self.refuses = 0
        self.names = ["ada", "bo"]
        self.sent: list[dict[str, str]] = []
        self.streams = 0
        self.who: Who | None = None


def application(folder: Path, shown: Shown) -> ASGIApp:
    (folder / "list.html").write_text(LIST)
    pages = Pages(folder)
    app = FastAPI()

    def page(request: Request, status: int = 200, typed: str = "", **errors: str) -> Response:
        return pages.render(
            request, "list.html", status, live="/live", count=shown.count, names=shown.names, who=shown.who,
            errors=errors, typed=typed, version=shown.version, taken=shown.taken,
        )  # fmt: skip

    def refused(request: Request) -> Response:
        return error_page(request, shown.refuses, "Not signed in", "Nothing was saved", "Sign in", sign_in="/signin")

    @app.get("/list")
    def listed(request: Request) -> Response:
        return page(request)

    @app.get("/live")
    async def live() -> Response:
        async def told() -> AsyncIterator[str]:
            seen = None
            shown.streams += 1
            try:
                while True:
                    if shown.count != seen:
                        seen = shown.count
                        yield f"data: {seen}\n\n"
                    await asyncio.sleep(0.02)
            finally:
                shown.streams -= 1

        return StreamingResponse(told(), media_type="text/event-stream")

    @app.post("/send")
    def send(request: Request) -> Response:
        if shown.refuses:
            return refused(request)
        response = RedirectResponse("/list", 303)
        flash(request, response, "Sent", undo="/undo")
        return response

    @app.post("/note")
    async def note(request: Request) -> Response:
        typed = {name: str(value) for name, value in (await request.form()).items()}
        if shown.refuses:
            return refused(request)
        if not typed["note"].strip() or int(typed["version"]) != shown.version:
            return page(request, 422, typed["note"], note="Enter a note")
        return done(request, typed, "Note added")

    @app.post("/owner")
    async def owner(request: Request) -> Response:
        return done(request, {name: str(value) for name, value in (await request.form()).items()}, "Owner changed")

    @app.post("/take")
    def take(request: Request) -> Response:
        shown.taken = True
        return done(request, {}, "Taken")

    def done(request: Request, typed: dict[str, str], said: str) -> Response:
        shown.sent.append(typed)
        shown.version += 1
        shown.count += 1
        response = RedirectResponse("/list", 303)
        flash(request, response, said, undo="/undo")
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
        return pages.render(
            request, "list.html", count=0, names=[], counts=counts, who=shown.who, errors={}, typed="", version=1,
            taken=False,
        )  # fmt: skip

    app.mount("/static", static_files())
    app.add_middleware(security_headers)

    async def signed_in(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {}).update(session="a session", csrf="what its forms know")
        await app(scope, receive, send)

    return signed_in


async def opened(page: Page, address: str) -> None:
    """Open the list and wait until it listens; its stream never ends."""
    async with page.expect_response("**/live"):
        await page.goto(address + "/list")
