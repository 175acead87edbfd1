"""The inbox works without a script: make it a complaint, dismiss, undo, filter, and see why there is nothing."""

import html
import re
import secrets
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.social.app import build
from services.social.mention.actions import work
from tests.serving import Served, serve, settings

HTML = {"accept": "text/html"}


async def captured(social: Served, **fields: Any) -> str:
    sent = {"network": "reviews", "external_id": secrets.token_hex(8), "text": "My card was charged twice."} | fields
    async with social.client("machine") as client:
        made = await client.post("/api/v1/mentions", json=sent)
        await client.get(made.headers["location"], params={"at_least": made.json()["position"]})
    return str(made.json()["id"])


def form_of(page: httpx.Response, action: str) -> dict[str, str]:
    """The hidden fields of the form that posts there."""
    found = re.search(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', page.text, re.DOTALL)
    assert found is not None, f"no form posts to {action}"
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', found[1])
    return {name: html.unescape(value) for name, value in hidden}


def test_a_button_leads_back_to_a_page_of_ours_only() -> None:
    id_ = UUID(int=1)
    assert work.back(id_, "/social?state=new") == "/social?state=new"
    for wrong in (
        "",
        "//evil.example",
        "/socialite",
        "https://evil.example/social",
        "/social?a=1\r\nX: y",
        "/social/2",
    ):
        assert work.back(id_, wrong) == f"/social/{id_}"


async def test_the_inbox_lists_and_filters(social: Served) -> None:
    word, network = secrets.token_hex(6), f"n{secrets.token_hex(4)}"
    id_ = await captured(social, text=f"<b>{word}</b>", network=network)
    async with social.client("handler", **HTML) as client:
        everything = await client.get("/social")
        filtered = await client.get(f"/social?network={network}&state=new")
        other = await client.get(f"/social?network={network}&heat=red")
        wrong = await client.get("/social?state=lost")
    assert everything.status_code == 200
    assert f"&lt;b&gt;{word}" in everything.text
    assert f'href="/social/{id_}"' in filtered.text
    assert "Not measured" in filtered.text
    assert 'data-live="/social/live"' in filtered.text
    assert "Try fewer filters" in other.text
    assert wrong.status_code == 422


async def test_an_empty_inbox_says_how_to_feed_it(kafka: str, postgres: Callable[[str], str]) -> None:
    given = await settings(kafka, postgres("social_empty"))
    async with serve(build, given) as empty, empty.client("handler", **HTML) as client:
        page = await client.get("/social")
    assert page.status_code == 200
    assert "No mentions yet" in page.text
    assert "/api/v1/mentions/from/mastodon" in page.text


async def test_dismissing_offers_the_undo_and_returns_to_the_list(social: Served) -> None:
    network = f"n{secrets.token_hex(4)}"
    id_ = await captured(social, network=network)
    listing = f"/social?network={network}&state=new"
    async with social.client("handler", **HTML) as client:
        page = await client.get(listing)
        done = await client.post(f"/social/{id_}/dismissal", data=form_of(page, f"/social/{id_}/dismissal"))
        assert done.status_code == 303
        assert done.headers["location"] == listing
        after = await client.get(done.headers["location"])
        assert f'href="/social/{id_}"' not in after.text
        assert "Dismissed" in after.text
        undone = await client.post(f"/social/{id_}/restoration", data=form_of(after, f"/social/{id_}/restoration"))
        assert undone.status_code == 303
        again = await client.get(undone.headers["location"])
    assert f'href="/social/{id_}"' in again.text


async def test_a_mention_becomes_a_complaint_with_one_click(social: Served) -> None:
    id_ = await captured(social)
    async with social.client("handler", **HTML) as client:
        page = await client.get(f"/social/{id_}")
        fields = form_of(page, f"/social/{id_}/promotion")
        first = await client.post(f"/social/{id_}/promotion", data=fields)
        shown = await client.get(first.headers["location"])
        second = await client.post(f"/social/{id_}/promotion", data=fields)
        late = await client.post(f"/social/{id_}/dismissal", data=fields | {"reason": "spam"})
    assert (first.status_code, second.status_code, late.status_code) == (303, 303, 409)
    assert "Complaint created" in shown.text
    assert "The complaint is being opened" in shown.text
    assert re.search(r'href="/cases/[0-9a-f-]{36}"', shown.text)
    assert f'action="/social/{id_}/promotion"' not in shown.text
    assert "This has changed since you opened it" in late.text


async def test_a_reason_is_one_of_the_list(social: Served) -> None:
    id_ = await captured(social)
    async with social.client("handler", **HTML) as client:
        fields = form_of(await client.get(f"/social/{id_}"), f"/social/{id_}/dismissal")
        wrong = await client.post(f"/social/{id_}/dismissal", data=fields | {"reason": "Ann is rude"})
        done = await client.post(f"/social/{id_}/dismissal", data=fields | {"reason": "spam"})
        page = await client.get(done.headers["location"])
    assert wrong.status_code == 422
    assert "Spam" in page.text
    assert "Restore" in page.text


async def test_a_reader_sees_no_buttons_and_a_stranger_signs_in(social: Served) -> None:
    id_ = await captured(social)
    async with social.client("auditor", **HTML) as reader, social.client(**HTML) as stranger:
        page = await reader.get(f"/social/{id_}")
        refused = await reader.post(f"/social/{id_}/promotion", data={"csrf": "x"})
        sent_away = await stranger.get("/social")
    assert page.status_code == 200
    assert "<form" not in page.text.split("<main")[1].split("</main")[0]
    assert refused.status_code == 403
    assert sent_away.status_code == 303


async def test_a_mention_that_is_not_there_has_its_page(social: Served) -> None:
    async with social.client("handler", **HTML) as client:
        assert (await client.get(f"/social/{uuid4()}")).status_code == 404
        assert (await client.get("/social/1")).status_code == 422


@pytest.mark.parametrize("path", ["promotion", "dismissal", "restoration"])
async def test_a_form_from_elsewhere_is_refused(social: Served, path: str) -> None:
    id_ = await captured(social)
    async with social.client("handler", **HTML) as client:
        assert (await client.post(f"/social/{id_}/{path}", data={"csrf": "x"})).status_code == 403
