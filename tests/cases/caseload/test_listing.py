"""Lists: every tab, filter, order and page, and search by reference, word and name."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from itertools import chain
from typing import Any

import psycopg
import pytest

from services.cases.aspects.view import aspect_list
from services.cases.case.state import Case, Subject
from services.cases.caseload.listing import CASES, SORTS, TABS
from services.cases.caseload.view import caseload
from shared.events import Event
from shared.features.listing import counts, rows
from shared.features.listing.request import asked_of
from shared.http.paging import Paging
from tests.feeding import Feeder
from tests.scenarios import cases
from tests.scenarios.cases import (
    AT,
    INES,
    NOT_UPHELD,
    UPHELD,
    complaint,
    complaint_id,
    decision,
    erased,
    folded,
    opened,
    person,
    primary_id,
    sentiment,
)

NOW = AT + timedelta(days=1)
WHOLE = Paging(50)
Ask = Callable[..., Any]


def history() -> list[Event]:
    """Seven cases: new, mine, Tom's and red, resolved, closed, late, and mine but for a part."""
    given: dict[int, dict[str, Any]] = {
        4: {"product": "Loan"}, 5: {"product": "Loan", "channel": "letter"}, 6: {"received_at": AT - timedelta(days=90)}
    }  # fmt: skip
    by_case = {n: opened(n, **given.get(n, {})) for n in range(1, 8)}
    steps: list[tuple[int, Callable[[Case], list[Event]]]] = [
        (2, lambda c: cases.assign_aspect(c, primary_id(2), "ines@example.org", INES)),
        (3, lambda c: cases.assign_aspect(c, primary_id(3), "tom@example.org", INES)),
        (3, lambda c: cases.raise_priority(c, "urgent", "Red", INES)),
        (3, lambda c: cases.raise_alert(c, "red-sentiment", "Red", INES)),
        (3, lambda c: cases.raise_aspect(c, complaint_id(33), Subject("Credit card"), None, INES)),
        (3, lambda c: cases.assign_aspect(c, complaint_id(33), "ines@example.org", INES)),
        (4, lambda c: cases.resolve_aspect(c, primary_id(4), UPHELD, INES)),
        (5, lambda c: cases.raise_aspect(c, complaint_id(55), Subject("Card"), None, INES)),
        (5, lambda c: cases.resolve_aspect(c, complaint_id(55), decision("upheld", root_cause="staff-error"), INES)),
        (5, lambda c: cases.resolve_aspect(c, primary_id(5), NOT_UPHELD, INES)),
        (5, lambda c: cases.close_case(c, INES)),
        (7, lambda c: cases.assign_aspect(c, primary_id(7), "ines@example.org", INES)),
        (7, lambda c: cases.raise_aspect(c, complaint_id(77), Subject("Credit card"), None, INES)),
    ]
    for number, decide in steps:
        by_case[number] += decide(folded(by_case[number]))
    return [
        *(event for events in by_case.values() for event in events),
        *(complaint(n, **given.get(n, {})) for n in range(1, 8)),
    ]


@pytest.fixture(scope="module")
async def ask(postgres: Callable[[str], str]) -> AsyncIterator[Ask]:
    """`await ask(sort=..., tab=..., ...)` answers the numbers of the cases in the list."""
    feeder = Feeder(postgres("queue"))
    events = [
        *history(), sentiment(3, -0.9, "red"), sentiment(2, 0.5, "green"), sentiment(9, -0.9, "red"),
        person(1), person(2, "Ben O'Connor-Smith"), person(3, "Zoë Müller"),
    ]  # fmt: skip
    records = feeder.records(*events)
    await feeder.feed_records(caseload, records)
    await feeder.feed_records(aspect_list, records)
    numbers = {complaint_id(n): n for n in range(10)}

    async with await psycopg.AsyncConnection.connect(feeder.url, autocommit=True) as conn:

        async def asked(sort: str = "received", page: Paging = WHOLE, **given: str) -> list[int]:
            wanted = asked_of(CASES, given | {"sort": sort})
            asked.page = found = await rows(conn, CASES, wanted, page, "ines@example.org", NOW)  # type: ignore[attr-defined]
            return [numbers[row["case_id"]] for row in found.rows]

        asked.feeder, asked.conn = feeder, conn  # type: ignore[attr-defined]
        yield asked


@pytest.mark.parametrize(
    ("tab", "numbers"),
    [
        ("all", [6, 1, 2, 3, 4, 5, 7]), ("open", [6, 1, 2, 3, 4, 7]), ("mine", [2, 3, 7]), ("unassigned", [6, 1, 4, 7]),
        ("red", [3]), ("alerts", [3]), ("late", [6]), ("closed", [5]),
    ],
)  # fmt: skip
async def test_each_tab_holds_its_cases(ask: Ask, tab: str, numbers: list[int]) -> None:
    assert await ask(view=tab) == numbers


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({"status": "new"}, [6, 1]), ({"status": "resolved"}, [4]), ({"status": "closed"}, [5]),
        ({"priority": "urgent"}, [3]), ({"owner": "tom@example.org"}, [3]), ({"product": "Loan"}, [4, 5]),
        ({"owner": "ines@example.org"}, [2, 3, 7]),
        ({"heat": "green"}, [2]), ({"channel": "letter"}, [5]), ({"to": AT.isoformat()}, [6]),
        ({"from": f"{AT + timedelta(minutes=3)}", "to": f"{AT + timedelta(minutes=5)}"}, [3, 4]),
        ({"outcome": "upheld"}, [4, 5]), ({"cause": "staff-error"}, [5]), ({"outcome": "not-upheld"}, [5]),
        ({"outcome": "not-upheld", "cause": "staff-error"}, []), ({"product": "Loan", "cause": "system-error"}, [4]),
        ({"product": "Loan", "view": "open"}, [4]), ({"issue": "Charged twice", "status": "closed"}, [5]),
    ],
)  # fmt: skip
async def test_filters_narrow_the_list_together(ask: Ask, wanted: dict[str, str], numbers: list[int]) -> None:
    assert await ask(**wanted) == numbers


@pytest.mark.parametrize(
    ("q", "numbers"),
    [
        ("R7K2-ZZZ3", [3]), ("r7k2zzz3", [3]), ("loan", [4, 5]), ("card", [6, 1, 2, 3, 4, 5, 7]), ('"number 3"', [3]),
        ("Amal", [1]), ("had", [1]), ("connor", [2]), ("müller", [3]), ("nothing like it", []), ("the", []), ("'", []),
        ("\\ & | ! :* <-> (", []), ("%", []), ("pounds apology", [6, 1, 2, 3, 4, 5, 7]),
    ],
)  # fmt: skip
async def test_search_finds_references_words_and_names(ask: Ask, q: str, numbers: list[int]) -> None:
    assert await ask(q=q) == numbers


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{name}" for name in SORTS)])
@pytest.mark.parametrize("tab", ["all", "open", "closed"])
async def test_pages_join_to_the_whole_list_in_every_order(ask: Ask, sort: str, tab: str) -> None:
    """Forward by the cursors after each page, and back by those before it."""
    whole, pages = await ask(sort, view=tab), [Paging(2)]
    forward = [await ask(sort, pages[0], view=tab)]
    while after := ask.page.after:  # type: ignore[attr-defined]
        pages.append(Paging(2, after=after))
        forward.append(await ask(sort, pages[-1], view=tab))
    assert [*chain(*forward)] == whole
    back = [forward[-1]]
    while before := ask.page.before:  # type: ignore[attr-defined]
        back.append(await ask(sort, Paging(2, before=before), view=tab))
        assert ask.page.after is not None  # type: ignore[attr-defined]
    assert back == forward[::-1]


async def test_orders_begin_with_what_matters(ask: Ask) -> None:
    assert (await ask("priority"))[:2] == [3, 6]
    assert (await ask("due"))[0] == 6
    assert (await ask("sentiment"))[:2] == [3, 2]
    assert (await ask("-received"))[0] == 7


async def test_counts_are_those_of_the_tabs(ask: Ask) -> None:
    found = await counts(ask.conn, CASES, "ines@example.org", NOW)  # type: ignore[attr-defined]
    assert found == {
        "open": 6, "mine": 3, "unassigned": 4, "replies": 0, "red": 1, "alerts": 1, "late": 1, "my_late": 0,
    }  # fmt: skip
    assert found.keys() == {tab.name for tab in TABS} - {"all", "closed"}


async def test_a_row_says_who_and_in_which_words_until_the_person_is_erased(ask: Ask) -> None:
    await ask(status="new", sort="-received")
    assert (ask.page.rows[0]["person_name"], ask.page.rows[0]["excerpt"]) == (  # type: ignore[attr-defined]
        "Amal Haddad", "My card was charged twice, number 1."
    )  # fmt: skip
    await ask.feeder.feed(caseload, erased(1))  # type: ignore[attr-defined]
    assert await ask(q="Amal") == []
    assert await ask(q='"number 1"') == []
    assert await ask(q="R7K2-ZZZY") == [1]


async def test_support_needs_are_told_of_whom_we_know_them(ask: Ask) -> None:
    await ask()
    assert {row["support_needs"] for row in ask.page.rows if row["person_name"]} == {True}  # type: ignore[attr-defined]
    assert {row["support_needs"] for row in ask.page.rows if not row["person_name"]} == {False}  # type: ignore[attr-defined]
