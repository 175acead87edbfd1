"""A declared list, asked by programs and people: what it takes, refuses, and answers."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic import BaseModel

from shared.events.cases import CaseReopened
from shared.features.listing import (
    Asked,
    Column,
    Filter,
    Listing,
    Sort,
    Tab,
    add_api,
    add_download,
    asked,
    period,
    rows,
    show,
)  # fmt: skip
from shared.features.listing.request import asked_of
from shared.features.listing.routes import Shown
from shared.http.paging import Page, Paging
from shared.http.requests import allow
from shared.projections.view import Table, View
from shared.service.runtime import Runtime
from shared.service.settings import Settings
from tests.serving import Served, serve, settings

AT = datetime(2026, 3, 14, 9, tzinfo=UTC)
INDEX = "btree (call_at, call_id)"


@dataclass(slots=True)
class Call:
    call_id: UUID
    number: str | None = None
    owner: str | None = None
    call_at: datetime | None = None


class CallRow(BaseModel):
    number: Annotated[str | None, Column("Number")]
    call_id: UUID
    owner: str | None
    call_at: Annotated[datetime, Column("Due", sort="due")]


table = Table("calls", Call, indexes=[INDEX])
calls = View("calls", version=1, tables=[table])


@table.on(CaseReopened)
def due(row: Call, event: CaseReopened) -> None:
    row.number = event.reason


DUE = {"due": Sort(("call_at", "call_id"), INDEX)}
CALLS = Listing(
    "calls", CallRow, view=calls, may="cases.read", source="calls c", alias="c", sorts=DUE, sort="due",
    tabs=(Tab("", "All"), Tab("mine", "Mine", "c.owner = %(me)s")),
    filters=(
        Filter("owner", "Owner"), Filter("call", "Call", "c.call_id = %(call)s", "id"),
        Filter("state", "State", "c.number = %(state)s", "code", {"new": "New", "old": "Old"}),
        Filter("hour", "Hour", "extract(hour from c.call_at at time zone 'UTC') = %(hour)s", "number"),
        Filter("owned", "Owned", "c.owner is not null", "flag"),
        Filter("code", sql="c.number = %(code)s", pattern="[a-z]+", description="Small letters."),
        *period("c.call_at", "Due"),
    ),
)  # fmt: skip
PATH = "/api/v1/calls"
MANY = 2500


def build(given: Settings) -> FastAPI:
    app, routes = Runtime("small", given, [calls]).application("Small"), APIRouter()
    add_api(routes, CALLS, PATH, "Calls that are due.")
    add_download(routes, CALLS, "/calls/calls.csv")

    @routes.get("/calls", dependencies=[allow("cases.read")])
    async def page(request: Request, asked: Annotated[Asked, Depends(asked(CALLS))], page: Page) -> dict[str, Any]:
        found = await show(CALLS, request, asked, page)
        return {"rows": len(found.rows), "chips": [value for _, value in found.chips], "tab": found.asked.tab}

    app.include_router(routes)
    return app


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(kafka: str, postgres: Callable[[str], str]) -> AsyncIterator[Served]:
    async with serve(build, await settings(kafka, postgres("lists"))) as served:
        async with served.runtime.pool.connection() as conn:
            await conn.cursor().executemany(
                "insert into calls values (%s, %s, %s, %s)",
                [
                    (UUID(int=n), "=1+1" if n == 0 else "new", "handler@example.org" if n % 2 else None,
                     AT + timedelta(hours=n // 2))
                    for n in range(6)
                ],
            )  # fmt: skip
        yield served


@pytest_asyncio.fixture
async def client(served: Served) -> AsyncIterator[httpx.AsyncClient]:
    async with served.client("handler") as client:
        yield client


async def found(client: httpx.AsyncClient, query: str) -> list[int]:
    answer = await client.get(f"{PATH}?{query}")
    assert answer.status_code == 200, answer.text
    return [UUID(row["call_id"]).int for row in answer.json()["data"]]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [0, 1, 2, 3, 4, 5]), ("sort=-due", [5, 4, 3, 2, 1, 0]), ("view=mine", [1, 3, 5]),
        ("state=new&hour=9", [1]),
        ("owner=handler@example.org&sort=-due", [5, 3, 1]), ("owned=true", [1, 3, 5]),
        ("owner=&state=", [0, 1, 2, 3, 4, 5]),
        (f"call={UUID(int=4)}", [4]), ("from=2026-03-14&to=2026-03-14", [0, 1, 2, 3, 4, 5]), ("to=2026-03-13", []),
        ("from=2026-03-14T10:00:00Z", [2, 3, 4, 5]), ("to=2026-03-14T12:00:00%2B02:00", [0, 1]),
        ("to=9999-12-31", [0, 1, 2, 3, 4, 5]),
        ("from=9999-12-31", []), ("from=0001-01-01&to=9999-12-31T23:59:59Z", [0, 1, 2, 3, 4, 5]),
    ],
)  # fmt: skip
async def test_a_list_is_narrowed_by_its_address(client: httpx.AsyncClient, query: str, numbers: list[int]) -> None:
    assert await found(client, query) == numbers


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("ownr=x&view=mine", "This address has no parameter ownr. It takes: "),
        ("from=2026-03-15&to=2026-03-14", "The period ends before it begins. Its end must be the same as"),
        ("from=2026-03-14T10:00Z&to=2026-03-14T09:00Z", "The period ends before it begins."),
        ("from=soon", "from must be a day like 2026-03-14 or an instant like 2026-03-14T09:30:00Z, up to the"),
        ("to=10000-01-01", "to must be a day like"), ("to=9999-12-31T23:59:59-23:59", "to must be a day like"),
        ("to=2026-02-30", "to must be a day like"), ("state=lost", "state must be one of: new, old."),
        ("view=theirs", "view must be one of: mine."), ("sort=age", "sort must be one of: due, -due."),
        ("call=1", "call must be an id like"), ("hour=-1", "hour must be a whole number."),
        ("hour=9e9", "hour must be a whole"),
        ("owned=false", "owned must be one of: true."), ("code=A", "code must be like this: Small letters."),
        (f"owner={'x' * 301}", "owner must be 300 characters or fewer."),
        ("owner=a%00b", "owner: the text has control"),
        ("page[after]=x", "is not a cursor of this list"), ("page[after]=x&page[before]=x", "not for both"),
    ],
)  # fmt: skip
async def test_a_list_that_cannot_be_asked_for_says_why(client: httpx.AsyncClient, query: str, told: str) -> None:
    for path in (PATH, "/calls/calls.csv"):
        if "page[" not in query or path == PATH:
            answer = await client.get(f"{path}?{query}")
            assert answer.status_code == 422
            assert told in answer.json()["detail"]


async def test_a_page_lets_be_what_it_does_not_know(client: httpx.AsyncClient) -> None:
    answer = await client.get("/calls?utm=mail&state=new&view=mine")
    assert answer.json() == {"rows": 3, "chips": ["New"], "tab": "mine"}
    assert (await client.get("/calls?state=lost")).status_code == 422


async def test_pages_follow_each_other_at_the_address_that_is_configured(client: httpx.AsyncClient) -> None:
    """Not at the host that the request names: a link to another site would send a token there."""
    ahead, links = [], {"next": f"{PATH}?page[size]=2&state=new&sort=-due"}
    while links["next"]:
        answer = (await client.get(links["next"], headers={"Host": "evil.example"})).json()
        ahead.append([UUID(row["call_id"]).int for row in answer["data"]])
        links = answer["links"]
        assert answer["meta"]["has_more"] is (links["next"] is not None)
        for link in filter(None, links.values()):
            assert link.startswith(f"http://localhost:8000{PATH}?page%5Bsize%5D=2&state=new&sort=-due&page%5B")
    assert ahead == [[5, 4], [3, 2], [1]]
    back = []
    while links["prev"]:
        answer = (await client.get(links["prev"])).json()
        back.append([UUID(row["call_id"]).int for row in answer["data"]])
        links = answer["links"]
        assert answer["meta"]["has_more"]
    assert back == [[3, 2], [5, 4]]


async def test_what_moves_between_two_pages_is_neither_lost_nor_shown_twice(served: Served) -> None:
    async with served.runtime.pool.connection() as conn, conn.transaction(force_rollback=True):
        first = await rows(conn, CALLS, Asked(), Paging(2), "me", AT)
        await conn.execute("delete from calls where call_id = %s", [UUID(int=1)])
        await conn.execute("insert into calls values (%s, 'first', null, %s)", [UUID(int=9), AT - timedelta(days=1)])
        second = await rows(conn, CALLS, Asked(), Paging(2, first.after), "me", AT)
    assert [row["call_id"].int for row in first.rows + second.rows] == [0, 1, 2, 3]


async def test_a_file_has_the_whole_list_and_runs_nothing(client: httpx.AsyncClient) -> None:
    answer = await client.get("/calls/calls.csv?sort=-due")
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("text/csv; charset=utf-8", "no-store")
    assert answer.headers["content-disposition"] == 'attachment; filename="calls.csv"'
    read = list(csv.DictReader(io.StringIO(answer.text)))
    assert [UUID(row["call_id"]).int for row in read] == [5, 4, 3, 2, 1, 0]
    assert read[-1] == {"call_id": str(UUID(int=0)), "number": "'=1+1", "owner": "", "call_at": "2026-03-14T09:00:00Z"}


async def test_a_long_file_is_sent_whole_to_many_at_once(served: Served) -> None:
    async with served.runtime.pool.connection() as conn:
        await conn.execute(
            "insert into calls select md5(n::text)::uuid, 'many', null, %s from generate_series(1, %s) n",
            [AT - timedelta(days=9), MANY],
        )
    async with served.client("handler") as client:
        answers = await asyncio.gather(*(client.get("/calls/calls.csv?code=many") for _ in range(20)))
    async with served.runtime.pool.connection() as conn:
        await conn.execute("delete from calls where number = 'many'")
    for text in (answer.text for answer in answers):
        assert len({row["call_id"] for row in csv.DictReader(io.StringIO(text))}) == text.count("\n") - 1 == MANY


async def test_a_list_is_for_those_who_may_read_it(served: Served) -> None:
    for path in (PATH, "/calls/calls.csv", f"{PATH}?state=lost"):
        async with served.client("customer") as customer, served.client() as stranger:
            assert ((await customer.get(path)).status_code, (await stranger.get(path)).status_code) == (403, 401)


def test_a_list_describes_its_parameters(served: Served) -> None:
    found = {one["name"]: one for one in served.app.openapi()["paths"][PATH]["get"]["parameters"]}
    assert found.keys() == {
        "view", "owner", "call", "state", "hour", "owned", "code", "from", "to", "sort", "page[size]", "page[after]",
        "page[before]", "at_least",
    }  # fmt: skip
    assert found["state"]["schema"]["enum"] == ["", "new", "old"]
    assert found["sort"]["schema"]["enum"] == ["", "due", "-due"]
    assert found["from"]["description"] == "Due on or after this day."


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"sorts": {"due": Sort(("call_at",), "btree (call_at)")}}, "no index of the view calls"),
        ({"sort": "-age"}, "no sort is called age"),
    ],
)  # fmt: skip
def test_a_wrong_declaration_is_refused(wrong: dict[str, Any], told: str) -> None:
    given: dict[str, Any] = {"sorts": DUE, "sort": "due"}
    with pytest.raises(TypeError, match=told):
        Listing("calls", CallRow, view=calls, may="cases.read", source="calls c", alias="c", **given | wrong)


def test_the_address_of_a_file_keeps_what_is_asked_for() -> None:
    shown = Shown(CALLS, asked_of(CALLS, {"owner": "a&b", "view": "mine"}), "due", [], None, None, Paging(50))
    assert shown.address("/calls/calls.csv") == f"/calls/calls.csv?owner={quote('a&b')}&view=mine"
