"""The form as a browser without a script sends it: a customer's own complaint, or one that staff record for them."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from services.intake.form.questions import recorded
from services.intake.person import state as person
from services.intake.person.state import Person
from shared.events.complaints import ComplaintReceived
from shared.events.sealed import plaintext
from tests.forms import notice
from tests.serving import Served, until

HTML = {"accept": "text/html"}
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


YOU = {"name": "Ada"}


async def filled(client: httpx.AsyncClient, you: dict[str, str] = YOU, **first: str) -> httpx.Response:
    """The answer to the last page, where all pages before it were taken; else the page that was not."""
    page = await client.get("/complain")
    for answers in (first, {"product": "Loan or mortgage"}, you, {}):
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


async def complainant(intake: Served, event: ComplaintReceived) -> Person:
    found = await asyncio.to_thread(intake.runtime.store.load, event.person_id, person.evolve)
    assert found is not None
    return found


@pytest.mark.parametrize("channel", recorded())
async def test_what_staff_record_came_as_they_say_and_is_theirs(intake: Served, channel: str) -> None:
    async with intake.client("handler", **HTML) as client:
        sent = await filled(client, narrative="They called about a fee.", channel=channel)
        place, _, reference = sent.headers["location"].partition("=")
    assert (sent.status_code, place) == (303, "/cases?q")
    assert notice(sent)["text"] == f"Complaint {reference} recorded"
    event = await received(intake, reference)
    assert (event.channel, event.actor) == (channel, "handler@example.org")


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


async def test_a_letter_of_last_week_was_received_last_week(intake: Served) -> None:
    day = datetime.now(UTC).date() - timedelta(days=7)
    async with intake.client("handler", **HTML) as client:
        sent = await filled(client, narrative="A letter.", channel="letter", received=day.isoformat())
        now = await filled(client, narrative="Another.", channel="letter", received="")
    event = await received(intake, sent.headers["location"].partition("=")[2])
    assert event.happened_at == datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert event.recorded_at > event.happened_at + timedelta(days=6)
    assert (await received(intake, now.headers["location"].partition("=")[2])).occurred_at is None


@pytest.mark.parametrize("day", ["2099-01-01", "1999-12-31", "14 March", "2026-02-30"])
async def test_a_day_on_which_nobody_received_it_is_told_and_kept(intake: Served, day: str) -> None:
    async with intake.client("handler", **HTML) as client:
        sent = await filled(client, narrative="Kept words", channel="letter", received=day)
    assert sent.status_code == 422
    assert 'href="#f-received"' in sent.text
    assert f'type="date" value="{day}"' in sent.text
    assert "Kept words</textarea>" in sent.text


async def test_staff_record_what_the_customer_needs_and_prefers(intake: Served) -> None:
    you = {"name": "Ada", "preferred": "letter", "needs": "Large print.\nNo calls."}
    async with intake.client("handler", **HTML) as client:
        sent = await filled(client, you, narrative="A fee.", channel="phone")
    found = await complainant(intake, await received(intake, sent.headers["location"].partition("=")[2]))
    assert (found.preferred_channel, found.needs) == ("letter", "Large print.\nNo calls.")


@pytest.mark.parametrize("product", ["Loan", "loan or mortgage", "Loan or mortgage\ufffe"])
async def test_a_product_is_one_of_those_offered(intake: Served, product: str) -> None:
    async with intake.client(**HTML) as client:
        page = await client.get("/complain")
        page = await client.post("/complain", data=dict(HIDDEN.findall(page.text)) | {"narrative": "A fee."})
        given = dict(HIDDEN.findall(page.text)) | {"product": product, "wanted": "Kept <words>"}
        refused = await client.post("/complain", data=given)
        forced = await client.post("/complain", data=given | {"step": "check"})
    for page in (refused, forced):
        assert (page.status_code, "Step 2 of 4" in page.text) == (422, True)
        assert 'href="#f-product' in page.text
        assert "Kept &lt;words&gt;</textarea>" in page.text


async def test_a_customer_says_what_they_need_and_not_when_we_received_it(intake: Served) -> None:
    you = {"name": "Ada", "preferred": "letter", "needs": "Large print", "received": "2020-01-01"}
    async with intake.client(**HTML) as client:
        asked = await client.get("/complain")
        sent = await filled(client, you, narrative="A fee.", received="2020-01-01")
        shown = await client.get(sent.headers["location"])
    assert 'name="received"' not in asked.text
    found = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", shown.text)
    assert found
    event = await received(intake, found[0])
    whose = await complainant(intake, event)
    assert event.occurred_at is None
    assert (whose.preferred_channel, whose.needs) == ("email", "Large print")


@pytest.mark.parametrize("role", ["handler", None])
async def test_a_form_that_is_changed_after_it_was_sent_leads_on(intake: Served, role: str | None) -> None:
    async with intake.client(role, **HTML) as client:
        page = await client.get("/complain")
        first = dict(HIDDEN.findall(page.text)) | {"narrative": "A fee.", "channel": "phone", "step": "check"}
        assert (await client.post("/complain", data=first)).status_code == 303
        again = await client.post("/complain", data=first | {"narrative": "Two fees."})
        found = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", again.text)
        assert found
        checked = await client.post("/complain", data=dict(HIDDEN.findall(again.text)))
        sent = await client.post("/complain", data=dict(HIDDEN.findall(checked.text)) | {"go": "next"})
    assert again.status_code == 422
    assert ('href="/cases?q=' if role else 'href="/complain/track/') in again.text
    assert 'action="/complain"' in checked.text
    assert "Two fees." in checked.text
    assert sent.status_code == 303
    assert plaintext((await received(intake, found[0])).narrative) == "A fee."


async def test_a_form_whose_cookie_was_lost_comes_again_with_every_word(intake: Served) -> None:
    async with intake.client(**HTML) as client:
        page = await client.get("/complain")
        page = await client.post("/complain", data=dict(HIDDEN.findall(page.text)) | {"narrative": "A fee."})
        client.cookies.clear()
        lost = await client.post("/complain", data=dict(HIDDEN.findall(page.text)) | {"wanted": "My money"})
        none = await client.post("/complain", data={"narrative": "Mine", "step": "elsewhere"})
        page = await client.post("/complain", data=dict(HIDDEN.findall(lost.text)) | {"wanted": "My money"})
    assert (lost.status_code, none.status_code, page.status_code) == (403, 403, 200)
    assert "Not sent yet" in lost.text
    assert "Step 2 of 4" in lost.text
    assert 'name="narrative" value="A fee."' in lost.text
    assert "My money</textarea>" in lost.text
    assert "Mine</textarea>" in none.text
    assert "Step 3 of 4" in page.text


async def test_staff_who_were_signed_out_sign_in_first(intake: Served) -> None:
    async with intake.client("handler", **HTML) as client:
        page = await client.get("/complain")
        client.cookies.clear()
        lost = await client.post("/complain", data=dict(HIDDEN.findall(page.text)) | {"channel": "phone"})
    assert lost.status_code == 401
    assert 'href="/signin' in lost.text
