"""How many, by what: today's figures are those as at now, and no instant's figures ever change."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from services.reporting.reports.listing import BEHIND, BEHIND_THEN, DIMENSIONS, Counts, Group, counts_by
from services.reporting.reports.view import counts
from shared.events import Event
from shared.features.listing import Asked, rows
from shared.features.listing.request import asked_of
from shared.http.paging import Paging
from tests.feeding import Feeder
from tests.listing import listed
from tests.scenarios.reporting import at, case, classified, closed, corrected, opened, raised, reopened, resolved

EVENTS: list[Event] = [
    *opened(1, 0, product="Mortgage", channel="web"), raised(1, 3, 1, "Card"), resolved(1, 4, 2),
    resolved(1, 5, 3, "Card", cause="Systems"), closed(1, 6, 4), reopened(1, 7, 6), classified(1, 8, 7, "Loan"),
    *opened(2, 1, product=None, channel="phone"), classified(2, 3, 5, "Card"),
    *opened(3, 2, product="Card", channel="web", received=datetime(2026, 1, 31, 23, 59, tzinfo=UTC), invented=True),
]  # fmt: skip


@pytest.fixture
async def conn(postgres: Callable[[str], str]) -> Any:
    feeder = Feeder(postgres("reporting"))
    await feeder.feed(counts, *EVENTS)
    async with await psycopg.AsyncConnection.connect(feeder.url) as conn:
        yield conn


async def test_complaints_are_counted_by_their_main_aspect_and_aspects_each(conn: Any) -> None:
    assert await counts_by(conn, "product", Asked()) == Counts(
        (Group("Card", 2, 3), Group("Loan", 1, 1)), Group(None, 3, 4)
    )
    assert (await counts_by(conn, "channel", Asked())).groups == (Group("web", 2, 3), Group("phone", 1, 1))
    assert (await counts_by(conn, "outcome", Asked())).groups == (
        Group(None, 2, 2), Group("partly-upheld", 1, 2),
    )  # fmt: skip
    assert (await counts_by(conn, "month", Asked())).groups == (Group("2026-01", 1, 1), Group("2026-03", 2, 3))


@pytest.mark.parametrize(
    ("hours", "products"),
    [
        (-1, {}),
        (0, {"Mortgage": (1, 1)}),
        (1, {"Mortgage": (1, 1), "Card": (0, 1), None: (1, 1)}),
        (5, {"Mortgage": (1, 1), "Card": (2, 3)}),
        (7, {"Loan": (1, 1), "Card": (2, 3)}),
    ],
)
async def test_an_instant_counts_what_was_written_by_then(
    conn: Any, hours: float, products: dict[str | None, tuple[int, int]]
) -> None:
    found = await counts_by(conn, "product", Asked(), at(hours))
    assert {group.value: (group.complaints, group.aspects) for group in found.groups} == products


async def test_filters_narrow_complaints_and_aspects_alike(conn: Any) -> None:
    async def total(as_at: datetime | None = None, **given: str) -> tuple[int, int]:
        found = (await counts_by(conn, "channel", asked_of(BEHIND, given), as_at)).total
        return found.complaints, found.aspects

    for as_at in (None, at(100)):
        assert await total(as_at, cause="Systems") == (0, 1)
        assert await total(as_at, outcome="-") == (2, 2)
        assert await total(as_at, product="Card", channel="web") == (1, 2)
        assert await total(as_at, **{"from": "2026-01-31", "to": "2026-01-31"}) == (1, 1)
        assert await total(as_at, **{"from": "2026-02-01"}) == (2, 3)
        assert await total(as_at, month="2026-01") == (1, 1)
        assert await total(as_at, product="None such") == (0, 0)


async def test_the_figures_of_today_are_those_as_at_now(conn: Any) -> None:
    """Two ways to the same figures: the fold in Python, row by row, and the fold in SQL."""
    for dimension in DIMENSIONS:
        assert await counts_by(conn, dimension, Asked()) == await counts_by(conn, dimension, Asked(), at(1000))
    now = (await listed(conn, BEHIND)).rows
    then = await rows(conn, BEHIND_THEN, Asked().having(as_at=at(1000)), Paging(100), "", at(1000))
    assert then.rows == now
    assert {row["case_id"] for row in now if row["invented"]} == {case(3)}


async def test_the_complaints_behind_a_figure_come_page_by_page(conn: Any) -> None:
    first = await listed(conn, BEHIND, Paging(2), product="Card")
    rest = await listed(conn, BEHIND, Paging(5, first.after), product="Card")
    assert [row["case_id"] for row in first.rows + rest.rows] == [case(2), case(1), case(3)]
    assert {row["closed_at"] for row in first.rows + rest.rows} == {None}, "the case was reopened"


async def test_a_correction_counts_from_when_it_was_written(postgres: Callable[[str], str]) -> None:
    feeder = Feeder(postgres("reporting"))
    await feeder.feed(counts, *opened(1, 0), resolved(1, 3, 1), corrected(1, 4, 3))
    async with await psycopg.AsyncConnection.connect(feeder.url) as conn:
        for as_at, outcome, cause in (
            (at(2), "partly-upheld", "Training"), (at(4), "not-upheld", None), (None, "not-upheld", None),
        ):  # fmt: skip
            assert (await counts_by(conn, "outcome", Asked(), as_at)).groups == (Group(outcome, 1, 1),)
            assert (await counts_by(conn, "cause", Asked(), as_at)).groups == (Group(cause, 1, 1),)


async def test_the_order_between_cases_changes_no_row(postgres: Callable[[str], str]) -> None:
    feeders = Feeder(postgres("reporting")), Feeder(postgres("reporting"))
    mixed = sorted(EVENTS, key=lambda event: (event.originator_id.int * 7 % 5, event.originator_version))
    assert mixed != EVENTS
    assert await feeders[0].feed(counts, *EVENTS) == await feeders[1].feed(counts, *mixed)
