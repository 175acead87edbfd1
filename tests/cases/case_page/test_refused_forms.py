"""A form that is refused comes back as it was typed, and says why at a field that is on the page."""

import re
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest

from tests.cases.conftest import Receive
from tests.forms import notice, primary, send
from tests.serving import Served


async def test_a_refused_decision_comes_back_as_it_was_typed(handler: httpx.AsyncClient, receive: Receive) -> None:
    case_id = await receive()
    back = await send(
        handler, f"/cases/{case_id}/aspects/{primary(case_id)}/resolution", form_name="resolution-1", outcome="upheld",
        redress="compensation", amount="many", explanation="Kept <words>",
    )  # fmt: skip
    assert back.status_code == 422
    assert 'href="#f-resolution-1-amount"' in back.text
    assert 'value="many"' in back.text
    assert "Kept &lt;words&gt;" in back.text
    assert 'value="upheld" checked' in back.text
    back = await send(
        handler, f"/cases/{case_id}/aspects/{primary(case_id)}/resolution", form_name="resolution-1", outcome="upheld",
        explanation="Kept words",
    )  # fmt: skip
    assert back.status_code == 422
    assert 'href="#f-resolution-1-root_cause"' in back.text
    assert "Kept words" in back.text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("root_cause", "banana", "Choose a root cause from the list"),
        ("currency", "ZZZ", "Choose a currency"),
        ("amount", "12,50", "Enter an amount, like 25.00"),
        ("amount", "0.005", "Enter an amount with at most 2 decimals. Pound Sterling has no more."),
    ],
)
async def test_a_decision_names_only_what_is_on_a_list(
    handler: httpx.AsyncClient, receive: Receive, field: str, value: str, said: str
) -> None:
    case_id = await receive()
    given = {"outcome": "upheld", "redress": "refund", "amount": "25.00", "currency": "gbp", field: value}
    refused = await send(
        handler, at_form(case_id, "resolution"), form_name="resolution-1", **{"root_cause": "delay"} | given
    )
    assert (refused.status_code, said in refused.text, leads_to_a_field(refused.text)) == (422, True, True)
    assert f'href="#f-resolution-1-{field}"' in refused.text


@pytest.mark.parametrize(
    ("path", "field"),
    [("aspects", "product"), ("classification", "product"), ("resolution", "explanation"), ("notes", "text"),
     ("reopening", "reason"), ("priority", "reason"), ("assignment", "handler")],
)  # fmt: skip
async def test_what_is_no_character_is_told_at_its_field(
    handler: httpx.AsyncClient, receive: Receive, path: str, field: str
) -> None:
    case_id = await receive()
    given = {"product": "Loan", "issue": "Fees", "outcome": "not-upheld", "priority": "high"}
    refused = await send(handler, at_form(case_id, path), **given | {field: "Loan\ufffe"})
    assert (refused.status_code, f'href="#f-{path}-{field}"' in refused.text) == (422, True)
    assert "Some characters cannot be read." in refused.text


async def test_what_it_is_about_is_said_first(handler: httpx.AsyncClient, receive: Receive) -> None:
    case_id = await receive(product=None, issue=None)
    given = {"form_name": "resolution-1", "outcome": "not-upheld", "explanation": "No fault."}
    refused = await send(handler, at_form(case_id, "resolution"), **given)
    assert (refused.status_code, leads_to_a_field(refused.text)) == (409, True)
    assert "Add a product and issue before you decide." in refused.text
    about = {"form_name": "classification-1", "product": "Loan", "issue": "Fees"}
    assert (await send(handler, at_form(case_id, "classification"), **about)).status_code == 303
    assert (await send(handler, at_form(case_id, "resolution"), **given)).status_code == 303


FORMS: dict[str, dict[str, str]] = {
    "resolution": {"form_name": "resolution-1", "outcome": "not-upheld", "explanation": "Kept <words>"},
    "classification": {"form_name": "classification-1", "product": "Kept <words>", "issue": "Fee"},
    "assignment": {"form_name": "assignment-1", "handler": "Kept <words>"},
    "aspects": {"form_name": "aspects", "product": "Loan", "issue": "Fee", "summary": "Kept <words>"},
    "priority": {"priority": "urgent"},
    "closing": {},
}


def at_form(case_id: UUID, form: str) -> str:
    part = f"/aspects/{primary(case_id)}" if form in ("resolution", "classification", "assignment") else ""
    return f"/cases/{case_id}{part}/{form}"


def leads_to_a_field(page: str) -> bool:
    """Whether each error of the summary is about something that is on the page."""
    named = re.findall(r'<li><a href="#(f-[^"]+)">', page)
    return bool(named) and all(page.count(f'id="{name}"') == 1 for name in named)


@pytest.mark.parametrize("form", FORMS)
async def test_what_a_colleague_made_impossible_comes_back_as_it_was_typed(
    handler: httpx.AsyncClient, receive: Receive, form: str
) -> None:
    case_id = await receive()
    if form == "resolution":
        decided = await send(handler, at_form(case_id, form), form_name="resolution-1", outcome="withdrawn")
        assert decided.status_code == 303
        refused = await send(handler, at_form(case_id, form), **FORMS[form])
        assert (refused.status_code, leads_to_a_field(refused.text)) == (409, True)
        assert "Kept &lt;words&gt;</textarea>" in refused.text
    else:
        await send(handler, at_form(case_id, "resolution"), form_name="resolution-1", outcome="withdrawn")
    assert (await send(handler, at_form(case_id, "closing"))).status_code == 303
    refused = await send(handler, at_form(case_id, form), **FORMS[form])
    assert (refused.status_code, leads_to_a_field(refused.text)) == (409, True)
    assert "This case is closed. Reopen it first" in refused.text
    assert "Kept &lt;words&gt;" in refused.text or form in ("priority", "closing")
    assert '<option value="urgent" selected>' in refused.text or form != "priority"
    assert 'value="not-upheld" checked' in refused.text or form != "resolution"


async def test_a_case_that_a_colleague_reopened_first_gives_the_reason_back(
    handler: httpx.AsyncClient, receive: Receive
) -> None:
    refused = await send(handler, f"/cases/{await receive()}/reopening", reason="Kept <words>")
    assert (refused.status_code, leads_to_a_field(refused.text)) == (409, True)
    assert 'value="Kept &lt;words&gt;"' in refused.text


async def test_the_address_of_a_form_opened_as_a_page_is_the_case(
    cases: Served, handler: httpx.AsyncClient, receive: Receive
) -> None:
    case_id = await receive()
    for form in (*FORMS, "notes", "reopening"):
        opened = await handler.get(at_form(case_id, form))
        assert (opened.status_code, opened.headers["location"]) == (303, f"/cases/{case_id}")
        async with cases.client(accept="text/html") as stranger:
            sent = await stranger.get(at_form(case_id, form))
            assert sent.headers["location"].startswith("/signin?next=")


async def test_who_is_no_longer_signed_in_is_led_back_to_the_page_they_wrote_on(
    cases: Served, receive: Receive
) -> None:
    at = f"/cases/{await receive()}"
    ways = {
        f"http://test{at}?from=2026-01-01": f"/signin?next={quote(f'{at}?from=2026-01-01', safe='')}",
        "http://[": "/signin", "": "/signin",
    }  # fmt: skip
    async with cases.client() as stranger:
        for referer, sign_in in ways.items():
            sent = await stranger.post(f"{at}/notes", headers={"accept": "text/html", "referer": referer})
            assert (sent.status_code, "Nothing that you sent was saved" in sent.text) == (401, True)
            assert f'class="button button-primary" href="{sign_in}"' in sent.text
            assert "Bearer" not in sent.text
            assert "data-rail" not in sent.text
        told = await stranger.post(f"{at}/notes")
        assert (told.status_code, told.headers["content-type"]) == (401, "application/problem+json")
        assert "Authorization: Bearer" in told.json()["detail"]


async def test_a_form_that_is_older_than_a_colleagues_change_overwrites_nothing(
    handler: httpx.AsyncClient, receive: Receive
) -> None:
    case_id = await receive()
    seen = re.search(r'name="version" value="(\d+)"', (await handler.get(f"/cases/{case_id}")).text)
    assert seen
    assert (await send(handler, at_form(case_id, "priority"), priority="high", version=seen[1])).status_code == 303
    typed = {"form_name": "classification-1", "product": "Typed <product>", "issue": "Fee", "version": seen[1]}
    refused = await send(handler, at_form(case_id, "classification"), **typed)
    assert (refused.status_code, leads_to_a_field(refused.text)) == (409, True)
    assert "Priority changed to high" in refused.text.partition("Changed since you opened it")[2].partition("</ul>")[0]
    assert 'value="Typed &lt;product&gt;"' in refused.text
    again = re.search(r'id="f-classification-1".*?name="version" value="(\d+)"', refused.text, re.DOTALL)
    assert again
    assert (await send(handler, at_form(case_id, "classification"), **typed | {"version": again[1]})).status_code == 303


async def test_an_undo_that_is_older_than_a_colleagues_change_overwrites_nothing(
    handler: httpx.AsyncClient, receive: Receive
) -> None:
    at = at_form(await receive(), "priority")
    mine = notice(await send(handler, at, priority="high"))
    await send(handler, at, priority="urgent")
    assert (await send(handler, mine["undo"], **mine["fields"])).status_code == 409


async def test_what_overwrites_nothing_is_taken_whatever_colleagues_did_meanwhile(
    handler: httpx.AsyncClient, receive: Receive
) -> None:
    case_id = await receive()
    assert (await send(handler, at_form(case_id, "notes"), text="Called.", version="1")).status_code == 303
    added = await send(handler, at_form(case_id, "aspects"), product="Loan", issue="Fee", version="1")
    assert added.status_code == 303
