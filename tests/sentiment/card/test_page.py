"""The model card shows what was found, says what it cannot do, and measures a text without keeping it."""

import re
import secrets
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.sentiment.measuring.model import measure
from services.sentiment.pages import pages
from shared.events import Provenance
from shared.events.mentions import MentionCaptured
from shared.events.sealed import Sealed
from shared.events.sentiments import DecidingWord
from tests.drawn import bars
from tests.serving import Served, until

HTML = {"accept": "text/html"}


async def csrf_of(client: httpx.AsyncClient) -> str:
    page = await client.get("/sentiment", headers=HTML)
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def test_the_marks_lie_on_the_words_and_the_rest_is_escaped() -> None:
    text = "<b>bad</b> & good"
    words = (DecidingWord(start=3, end=6, weight=-2.5), DecidingWord(start=13, end=17, weight=1.9))
    marked: Any = pages.environment.get_template("marked.html").module
    shown = str(marked.marked(text, words))
    assert "&lt;b&gt;<mark" in shown
    assert '">bad</mark>&lt;/b&gt; &amp; <mark' in shown
    assert re.sub(r"</?mark[^>]*>", "", shown) == "&lt;b&gt;bad&lt;/b&gt; &amp; good"


async def test_the_card_lists_what_was_measured(sentiment: Served, intake: Served) -> None:
    person = uuid4()
    mention = MentionCaptured(
        **Provenance("social", datetime.now(UTC)).stamp(uuid4(), 1), network="x", person_id=person,
        external_id=Sealed(person, "1"), text=Sealed(person, "Horrible, disgusting bank!"),
    )  # fmt: skip
    await intake.runtime.commits.save([mention])

    async def shown() -> Any:
        async with sentiment.client("handler", **HTML) as client:
            page = await client.get("/sentiment?heat=red")
        return page if f"/social/{mention.originator_id}" in page.text else None

    page = await until(shown)
    assert page.status_code == 200
    (chart,) = bars(page.text)
    assert [(one.label, one.href) for one in chart] == [
        ("Red", "/sentiment?heat=red"), ("Amber", "/sentiment?heat=amber"), ("Green", "/sentiment?heat=green")
    ]  # fmt: skip
    assert chart[0].value >= 1
    top = max(one.value for one in chart)
    assert [one.size for one in chart] == [pytest.approx(100 * one.value / top, abs=0.01) for one in chart]
    assert "does not detect irony" in page.text
    assert 'data-live="/sentiment/live"' in page.text


async def test_a_text_is_measured_and_not_kept(sentiment: Served) -> None:
    word = f"x{secrets.token_hex(8)}"
    async with sentiment.client("handler", **HTML) as client:
        given = {"csrf": await csrf_of(client), "text": f"What a horrible {word}"}
        page = await client.post("/sentiment", data=given)
        again = await client.get("/sentiment")
    assert page.status_code == 200
    assert ">horrible</mark>" in page.text
    assert word in page.text
    assert word not in again.text


@pytest.mark.parametrize("text", ["", "   ", "a\0b", "x" * 20_001])
async def test_a_text_that_cannot_be_measured_is_told_why(sentiment: Served, text: str) -> None:
    async with sentiment.client("handler", **HTML) as client:
        page = await client.post("/sentiment", data={"csrf": await csrf_of(client), "text": text})
    assert page.status_code == 422
    assert "There is a problem" in page.text


async def test_a_form_from_elsewhere_is_refused(sentiment: Served) -> None:
    async with sentiment.client("handler", **HTML) as client:
        assert (await client.post("/sentiment", data={"text": "good"})).status_code == 403


def test_a_long_word_is_no_trouble() -> None:
    assert measure("a" * 20_000).heat == "green"
