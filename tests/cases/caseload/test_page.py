"""The list of cases as a browser without a script sees it: tabs, filters, and many cases at once."""

import csv
import io
import re
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.cases.conftest import Receive
from tests.forms import notice, primary, send


async def test_the_list_narrows_by_its_address(handler: httpx.AsyncClient, receive: Receive) -> None:
    word = f"Product {uuid4().hex[:8]}"
    case_id = await receive(name="Ben Okafor", product=word)
    other = await receive(product=f"{word} other")
    shown = (await handler.get("/cases", params={"product": word})).text
    assert f"/cases/{case_id}" in shown
    assert f"/cases/{other}" not in shown
    assert "Ben Okafor" in shown
    assert "Support needs" in shown
    assert "Large print" not in shown
    assert "Clear filters" in shown
    assert "Most urgent first, then by due date" in shown
    found = (await handler.get("/cases", params={"q": word, "page[size]": 1})).text
    following = re.search(r'rel="next" href="([^"]+)"', found)
    assert following
    rest = (await handler.get(following[1].replace("&amp;", "&"))).text
    assert (str(case_id) in found) != (str(case_id) in rest)
    nothing = (await handler.get("/cases", params={"q": f"{word} {word[::-1]}"})).text
    assert "No results" in nothing


@pytest.mark.parametrize("view", ["open", "mine", "unassigned", "red", "late", "closed", "all", "alerts"])
async def test_every_tab_is_a_page(handler: httpx.AsyncClient, receive: Receive, view: str) -> None:
    await receive()
    for sort in ("priority", "-due", "sentiment", "-received"):
        answer = await handler.get("/cases", params={"view": view, "sort": sort, "outcome": "", "from": ""})
        assert answer.status_code == 200
        assert 'aria-current="page"' in answer.text


async def test_the_list_can_be_taken_away_as_a_file(handler: httpx.AsyncClient, receive: Receive) -> None:
    word = f"Product {uuid4().hex[:8]}"
    await receive(name="=cmd()", product=word)
    await receive(name="Ben Okafor", product=word)
    shown = (await handler.get("/cases", params={"product": word, "sort": "-received"})).text
    link = re.search(r'href="(/cases/cases\.csv[^"]+)"', shown)
    assert link
    sheet = list(csv.DictReader(io.StringIO((await handler.get(unescape(link[1]))).text)))
    assert [row["person_name"] for row in sheet] == ["Ben Okafor", "'=cmd()"]
    assert {row["product"] for row in sheet} == {word}


async def test_many_cases_are_worked_at_once(handler: httpx.AsyncClient, receive: Receive) -> None:
    ids = [str(await receive()) for _ in range(3)]
    await send(
        handler,
        f"/cases/{ids[2]}/aspects/{primary(UUID(ids[2]))}/resolution",
        form_name="resolution-1",
        outcome="withdrawn",
    )
    await send(handler, f"/cases/{ids[2]}/closing")
    done = await send(handler, "/cases/bulk", id=ids, do="assign", back="/cases?view=mine")
    assert (done.status_code, done.headers["location"]) == (303, "/cases?view=mine")
    assert notice(done)["text"].startswith("2 cases assigned to you. 1 not changed: This case is closed.")
    mine = (await handler.get("/cases?view=mine")).text
    assert [id_ in mine for id_ in ids] == [True, True, False]
    assert (await send(handler, "/cases/bulk", id=ids[:2], do="priority", priority="urgent")).status_code == 303
    urgent = (await handler.get("/cases?view=mine&priority=urgent")).text
    assert all(id_ in urgent for id_ in ids[:2])
    wrongs: list[dict[str, Any]] = [{"id": ["x"]}, {"id": ids, "do": "priority", "priority": "soon"}]
    for wrong in wrongs:
        assert (await send(handler, "/cases/bulk", **wrong)).status_code == 422
    shown = (await handler.get("/cases")).text
    assert re.search(r'id="f-bulk-priority" name="priority"><option value="">', shown), "nothing is chosen for anyone"
    unsaid = await send(handler, "/cases/bulk", id=ids[:1], do="priority", priority="")
    assert notice(unsaid)["text"] == "Choose a priority first"
    for do in ("assign", "priority"):
        nothing = await send(handler, "/cases/bulk", do=do, priority="urgent", back="/cases?view=mine")
        assert (nothing.status_code, nothing.headers["location"]) == (303, "/cases?view=mine")
        assert notice(nothing)["text"] == "Select at least one case first"
    elsewhere = await send(handler, "/cases/bulk", id=ids[:1], do="assign", back="//example.org/cases")
    assert elsewhere.headers["location"] == "/cases"


async def test_a_colleagues_work_is_never_taken_by_many(handler: httpx.AsyncClient, receive: Receive) -> None:
    case_id = await receive()
    part = f"/cases/{case_id}/aspects/{primary(case_id)}"
    await send(handler, f"{part}/assignment", handler="tom@example.org")
    refused = await send(handler, "/cases/bulk", id=[str(case_id)], do="assign")
    assert notice(refused)["text"] == (
        "0 cases assigned to you. 1 not changed: Someone else owns this case. To take it over, open it and reassign it."
    )
    await send(handler, f"/cases/{case_id}/aspects", form_name="aspects", product="Loan", issue="Fees")
    assert str(case_id) in (await handler.get("/cases?view=unassigned&sort=-received")).text
    taken = await send(handler, "/cases/bulk", id=[str(case_id)], do="assign")
    assert notice(taken)["text"] == "1 case assigned to you"
    found = (await handler.get(f"/api/v1/cases/{case_id}")).json()
    assert [aspect["handler"] for aspect in found["aspects"]] == ["tom@example.org", "handler@example.org"]
