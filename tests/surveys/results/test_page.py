"""The running service: a case closes elsewhere, its person answers by a link, staff see the figures and stop links."""

import re
from html import unescape
from uuid import UUID

import httpx
import pytest

from services.surveys.response.state import response_id
from tests.drawn import bars
from tests.scenarios.surveys import ask
from tests.serving import Served, until

FOUR = {"ease": "4", "fairness": "2", "clarity": "3", "speed": "5"}


async def csrf(client: httpx.AsyncClient, link: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', (await client.get(link)).text)
    assert found
    return found[1]


async def test_a_person_answers_once_by_their_link(surveys: Served) -> None:
    link = await ask(surveys, 1)
    async with surveys.client(accept="text/html") as customer:
        token = await csrf(customer, link)
        early = await customer.get(f"{link}/thanks")
        assert (early.status_code, early.headers["location"]) == (303, link)
        sent = await customer.post(link, data={**FOUR, "comment": "Write sooner", "csrf": token})
        assert (sent.status_code, sent.headers["location"]) == (303, f"{link}/thanks")
        assert "Thank you" in (await customer.get(f"{link}/thanks")).text
        assert "You have answered this survey" in (await customer.get(link)).text
        again = await customer.post(link, data={**FOUR, "csrf": token})
        assert "You have answered this survey" in again.text


async def test_what_is_missing_is_said_and_what_was_written_is_kept(surveys: Served) -> None:
    link = await ask(surveys, 2)
    async with surveys.client(accept="text/html") as customer:
        token = await csrf(customer, link)
        sent = await customer.post(link, data={"ease": "4", "comment": "Kept <words>", "csrf": token})
        assert sent.status_code == 422
        assert 'href="#f-fairness"' in sent.text
        assert re.search(r'id="f-ease-2" name="ease" value="4" checked', sent.text)
        assert "Kept &lt;words&gt;" in sent.text
        assert "You can answer until" in (await customer.get(link)).text


async def test_a_link_that_is_not_ours_opens_nothing(surveys: Served) -> None:
    other = surveys.runtime.signer.sign("complaint", str(response_id(UUID(int=1), "handling")))
    async with surveys.client(accept="text/html") as customer:
        for signed in (other, "x", f"{other}x"):
            assert (await customer.get(f"/surveys/answer/{signed}")).status_code == 404


async def test_a_post_from_elsewhere_is_refused(surveys: Served) -> None:
    link = await ask(surveys, 3)
    async with surveys.client(accept="text/html") as customer:
        assert (await customer.post(link, data=FOUR)).status_code == 403


async def test_staff_see_rate_charts_comments_and_the_responses_behind_a_bar(surveys: Served) -> None:
    for number, ease in ((15, "5"), (4, "4")):
        link = await ask(surveys, number)
        async with surveys.client() as customer:
            form = {**FOUR, "ease": ease, "comment": f"Ring <me> back, {number}", "csrf": await csrf(customer, link)}
            await customer.post(link, data=form)
    async with surveys.client("leader", accept="text/html") as leader:

        async def shown() -> str:
            text = (await leader.get("/surveys")).text
            return text if all(f"Ring &lt;me&gt; back, {number}" in text for number in (4, 15)) else ""

        page = await until(shown)
        assert "How fairly were you treated?" in page
        easy = bars(page)[0]
        assert [one.label for one in easy] == ["Very difficult", "Difficult", "Neither", "Easy", "Very easy"]
        assert (easy[0].value, easy[0].size) == (0, 0), "an option that nobody chose is shown"
        every = [one for chart in bars(page) for one in chart]
        top = max(one.value for one in every)
        assert top > max(one.value for one in easy)
        assert [one.size for one in every] == [pytest.approx(100 * one.value / top, abs=0.01) for one in every]
        behind = "/surveys/responses?questionnaire=handling.v1&question=ease&choice="
        assert [one.href for one in easy] == [f"{behind}{choice}" for choice in range(1, 6)]
        assert f"/cases/{UUID(int=4)}" in (await leader.get(f"{behind}4")).text
        assert "No results" in (await leader.get(f"{behind}1")).text
        assert (await leader.get("/surveys?questionnaire=none")).status_code == 404
    async with surveys.client() as stranger:
        assert (await stranger.get("/surveys")).status_code == 401


async def test_staff_reach_every_comment(surveys: Served) -> None:
    said = [f"Comment of {number}" for number in (11, 12)]
    for number, comment in zip((11, 12), said, strict=True):
        link = await ask(surveys, number)
        async with surveys.client() as customer:
            await customer.post(link, data={**FOUR, "comment": comment, "csrf": await csrf(customer, link)})
    async with surveys.client("leader", accept="text/html") as leader:

        async def shown() -> bool:
            text = (await leader.get("/surveys")).text
            return all(comment in text for comment in said)

        await until(shown)
        pages, following = [], ["/surveys?page[size]=1"]
        while following:
            pages.append((await leader.get(unescape(following[0]))).text)
            following = re.findall(r'rel="next" href="([^"]+)"', pages[-1])
        assert len(pages) > 1
        assert [sum(comment in page for page in pages) for comment in said] == [1, 1]


async def test_the_api_counts_every_option_and_pages_responses(surveys: Served) -> None:
    link = await ask(surveys, 5)
    async with surveys.client() as customer:
        await customer.post(link, data={**FOUR, "csrf": await csrf(customer, link)})
    async with surveys.client("quality") as client:

        async def counted() -> object:
            (found,) = (await client.get("/api/v1/surveys")).json()["data"]
            ease = found["questions"][0]
            return found if ease["options"][3]["count"] >= 1 and found["invited"] >= 1 else None

        found = await until(counted)
        assert [option["count"] for option in found["questions"][0]["options"]][:3] == [0, 0, 0]
        page = (await client.get("/api/v1/surveys/responses", params={"page[size]": 1})).json()
        assert len(page["data"]) == 1
        for wrong in ({"page[after]": "nonsense"}, {"page[size]": 0}, {"questionnaire": "a\0b"}, {"at_least": "x"}):
            assert (await client.get("/api/v1/surveys/responses", params=wrong)).status_code == 422, wrong


async def test_erased_person_finds_the_survey_ended(surveys: Served) -> None:
    """Their key is gone, so nothing can be sealed for them any more."""
    link = await ask(surveys, 6, erased=True)
    async with surveys.client(accept="text/html") as customer:
        form = {**FOUR, "comment": "Hello", "csrf": await csrf(customer, "/signin")}
        for answer in (await customer.get(link), await customer.post(link, data=form)):
            assert answer.status_code == 410
            assert "This survey has ended" in answer.text


def response_of(number: int) -> UUID:
    return response_id(UUID(int=number), "handling")


async def listed(client: httpx.AsyncClient, number: int) -> dict[str, str]:
    """The row of this invitation, once it is there."""

    async def row() -> dict[str, str]:
        rows = (await client.get("/api/v1/surveys/responses", params={"page[size]": 200})).json()["data"]
        return next((one for one in rows if one["response_id"] == str(response_of(number))), {})

    found: dict[str, str] = await until(row)
    return found


async def test_each_link_to_a_case_says_which(surveys: Served) -> None:
    for number in (13, 14):
        await ask(surveys, number)
    async with surveys.client("handler", accept="text/html") as handler:
        for number in (13, 14):
            await listed(handler, number)
        page = (await handler.get("/surveys/responses")).text
        names = re.findall(r'<th scope="row"><a href="/cases/[^"]+">(.*?)</a>', page)
        assert len(set(names)) == len(names) > 1


async def test_a_withdrawn_survey_cannot_be_answered(surveys: Served) -> None:
    link = await ask(surveys, 7)
    path = f"/api/v1/surveys/responses/{response_of(7)}/withdrawal"
    async with surveys.client(accept="text/html") as customer, surveys.client("handler") as handler:
        token = await csrf(customer, link)
        assert (await listed(handler, 7))["withdrawn_at"] is None
        for _ in range(2):
            assert (await handler.post(path)).status_code == 204
        gone, sent = await customer.get(link), await customer.post(link, data={**FOUR, "csrf": token})
        assert (gone.status_code, sent.status_code) == (410, 410)
        assert "This survey has ended" in gone.text
        assert "This survey has ended" in sent.text

        async def withdrawn() -> bool:
            row = await listed(handler, 7)
            return row["withdrawn_at"] is not None and row["answered_at"] is None

        assert await until(withdrawn)


async def test_an_answered_or_unknown_invitation_is_not_withdrawn(surveys: Served) -> None:
    link = await ask(surveys, 8)
    async with surveys.client() as customer:
        await customer.post(link, data={**FOUR, "csrf": await csrf(customer, link)})
    async with surveys.client("leader") as leader:
        answer = await leader.post(f"/api/v1/surveys/responses/{response_of(8)}/withdrawal")
        assert (answer.status_code, answer.json()["title"]) == (409, "Survey already answered")
        assert (await leader.post(f"/api/v1/surveys/responses/{UUID(int=8)}/withdrawal")).status_code == 404
    async with surveys.client("auditor") as auditor:
        assert (await auditor.post(f"/api/v1/surveys/responses/{response_of(8)}/withdrawal")).status_code == 403


async def test_staff_withdraw_an_invitation_in_the_list_and_see_it_withdrawn(surveys: Served) -> None:
    link = await ask(surveys, 9)
    action = f"/surveys/responses/{response_of(9)}/withdrawal"
    async with surveys.client("quality", accept="text/html") as reader:
        await listed(reader, 9)
        assert action not in (await reader.get("/surveys/responses")).text
    async with surveys.client("handler", accept="text/html") as handler:
        token, here = await csrf(handler, "/surveys/responses"), "/surveys/responses?questionnaire=handling.v1"
        assert action in (await handler.get(here)).text
        assert (await handler.post(action, data={"back": here})).status_code == 403
        done = await handler.post(action, data={"back": here, "csrf": token})
        assert done.status_code == 303
        assert done.headers["location"] == here
        shown = (await handler.get(done.headers["location"])).text
        assert "The survey link no longer works" in shown
        assert action not in shown
        assert "Withdrawn" in shown
        again = await handler.post(action, data={"back": "https://elsewhere.example/surveys", "csrf": token})
        assert again.headers["location"] == "/surveys/responses"
    async with surveys.client(accept="text/html") as customer:
        assert (await customer.get(link)).status_code == 410


async def test_a_person_who_answered_first_is_told_to_whoever_withdraws(surveys: Served) -> None:
    link = await ask(surveys, 10)
    async with surveys.client() as customer:
        await customer.post(link, data={**FOUR, "csrf": await csrf(customer, link)})
    async with surveys.client("handler", accept="text/html") as handler:
        token = await csrf(handler, "/surveys/responses")
        done = await handler.post(f"/surveys/responses/{response_of(10)}/withdrawal", data={"csrf": token})
        assert done.headers["location"] == "/surveys/responses"
        assert "This survey has already been answered" in (await handler.get("/surveys/responses")).text
