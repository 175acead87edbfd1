"""The form as a browser without a script sends it: a customer's own complaint, or one that staff record for them."""

import asyncio
import re
from typing import get_args
from uuid import UUID

import httpx
import pytest

from services.intake.form import CHANNELS
from shared.events.complaints import Channel, ComplaintReceived
from tests.cases.forms import notice
from tests.serving import Served, until

HTML = {"accept": "text/html"}
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


async def filled(client: httpx.AsyncClient, **first: str) -> httpx.Response:
    """The answer to the last page, where all pages before it were taken; else the page that was not."""
    page = await client.get("/complain")
    for answers in (first, {"product": "Loan"}, {"name": "Ada"}, {}):
        page = await client.post("/complain", data=dict(HIDDEN.findall(page.text)) | answers | {"go": "next"})
        if page.status_code != 200:
            break
    return page


async def received(intake: Served, reference: str) -> ComplaintReceived:
    async def known() -> UUID | None:
        async with intake.runtime.pool.connection() as conn:
            found = await conn.execute("select complaint_id from complaints where reference = %s", [reference])
            row = await found.fetchone()
        return row[0] if row else None

    event = await asyncio.to_thread(intake.runtime.store.load, await until(known), lambda _, event: event)
    assert isinstance(event, ComplaintReceived)
    return event


@pytest.mark.parametrize("channel", CHANNELS)
async def test_what_staff_record_came_as_they_say_and_is_theirs(intake: Served, channel: str) -> None:
    async with intake.client("handler", **HTML) as client:
        sent = await filled(client, narrative="They called about a fee.", channel=channel)
        place, _, reference = sent.headers["location"].partition("=")
    assert (sent.status_code, place) == (303, "/cases?q")
    assert notice(sent)["text"] == f"Complaint {reference} is recorded. Its case appears here"
    event = await received(intake, reference)
    assert (event.channel, event.actor) == (channel, "handler@example.org")
    assert channel in get_args(Channel)


@pytest.mark.parametrize("channel", ["", "web", "telepathy"])
async def test_staff_say_how_it_came(intake: Served, channel: str) -> None:
    async with intake.client("handler", **HTML) as client:
        sent = await filled(client, narrative="Kept <words>", channel=channel)
    assert sent.status_code == 422
    assert 'href="#f-channel"' in sent.text
    assert "Kept &lt;words&gt;</textarea>" in sent.text
    assert '<header class="page-head"><div><h1>What happened?</h1><p class="muted">Step 1 of 4</p>' in sent.text


async def test_a_customer_is_not_asked_how_it_came_and_cannot_say(intake: Served) -> None:
    async with intake.client(**HTML) as client:
        asked = await client.get("/complain")
        sent = await filled(client, narrative="A fee.", channel="phone")
        shown = await client.get(sent.headers["location"])
    assert 'name="channel"' not in asked.text
    assert sent.headers["location"].startswith("/complain/track/")
    found = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", shown.text)
    assert found
    event = await received(intake, found[0])
    assert (event.channel, event.actor) == ("web", "customer")


async def test_a_letter_goes_to_the_bare_address(intake: Served) -> None:
    """What stands before it would be our words to somebody else; the same address is then the same person's."""
    async with intake.client(**HTML) as client:
        page = await client.get("/complain")
        for answers in ({"narrative": "Fees"}, {}, {"email": '"Verify at https://evil.example" <Ada@Example.org>'}):
            page = await client.post("/complain", data=dict(HIDDEN.findall(page.text)) | answers | {"go": "next"})
    assert dict(HIDDEN.findall(page.text))["email"] == "Ada@example.org"
