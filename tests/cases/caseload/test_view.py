"""The caseload says the same whatever arrives first, and forgets a person who is erased."""

import itertools
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from services.cases.case.state import Case
from services.cases.caseload.view import caseload
from shared.events import EVENTS, Event
from shared.events.cases import CaseClosed, CaseEvent
from tests.feeding import Feeder
from tests.scenarios import cases
from tests.scenarios.cases import (
    AT,
    CARD,
    CASE,
    INES,
    LOAN,
    NOT_UPHELD,
    SECOND,
    UPHELD,
    complaint,
    complaint_id,
    erased,
    folded,
    opened,
    person,
    person_id,
    primary_id,
    sentiment,
    worked,
)


async def test_a_new_case_says_what_it_is_about_and_when_it_is_due(feeder: Feeder) -> None:
    rows = await feeder.feed(caseload, complaint(1), person(1), *opened(1))
    row = rows["caseload"][CASE]
    assert (row["product"], row["issue"], row["status"], row["owner"]) == ("Credit card", "Charged twice", "new", None)
    assert (row["open_aspects"], row["total_aspects"], row["priority"]) == (1, 1, "normal")
    assert row["due_at"] == row["received_at"] + timedelta(days=56)
    assert rows["complainants"][person_id(1)]["needs"] == "Large print"


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (3, {"status": "open", "owner": "ines@example.org", "open_aspects": 1, "total_aspects": 1}),
        (4, {"status": "open", "owner": "ines@example.org", "open_aspects": 2, "total_aspects": 2}),
        (6, {"status": "open", "priority": "high", "urgency": 2, "alert": "red-sentiment"}),
        (7, {"status": "open", "open_aspects": 1, "total_aspects": 2}),
        (8, {"status": "resolved", "open_aspects": 0, "alert": "red-sentiment", "closed_at": None}),
        (9, {"status": "closed", "alert": None, "closed_at": INES.at}),
        (10, {"status": "open", "open_aspects": 2, "closed_at": None}),
        (11, {"status": "open", "open_aspects": 1, "total_aspects": 2, "version": 11}),
    ],
)
async def test_each_step_of_the_work_is_seen(feeder: Feeder, until: int, expected: dict[str, Any]) -> None:
    row = (await feeder.feed(caseload, *worked()[:until]))["caseload"][CASE]
    assert {name: row[name] for name in expected} == expected


async def test_a_closed_case_has_nothing_open_though_it_was_not_decided_anew(feeder: Feeder) -> None:
    """As older cases were closed again."""
    again = CaseClosed(**INES.stamp(CASE, 11), person_id=person_id(1))
    row = (await feeder.feed(caseload, *worked()[:10], again))["caseload"][CASE]
    assert (row["status"], row["open_aspects"], row["owners"]) == ("closed", 0, ["ines@example.org"])


async def test_without_an_owner_of_the_primary_aspect_the_first_open_ones_counts(feeder: Feeder) -> None:
    events = opened(1)
    events += cases.raise_aspect(folded(events), SECOND, LOAN, None, INES)
    events += cases.assign_aspect(folded(events), SECOND, "tom@example.org", INES)
    assert (await feeder.feed(caseload, *events))["caseload"][CASE]["owner"] == "tom@example.org"


async def test_owners_are_the_primary_aspects_and_whoever_has_something_left_to_decide(feeder: Feeder) -> None:
    ines, tom = "ines@example.org", "tom@example.org"
    steps: list[tuple[Callable[[Case], list[Event]], list[str] | None]] = [
        (lambda c: cases.raise_aspect(c, SECOND, LOAN, None, INES), None),
        (lambda c: cases.assign_aspect(c, SECOND, tom, INES), [tom]),
        (lambda c: cases.assign_aspect(c, primary_id(1), ines, INES), [ines, tom]),
        (lambda c: cases.resolve_aspect(c, SECOND, NOT_UPHELD, INES), [ines]),
        (lambda c: cases.resolve_aspect(c, primary_id(1), UPHELD, INES), [ines]),
    ]
    events = opened(1)
    await feeder.feed(caseload, *events)
    for decide, owners in steps:
        made = decide(folded(events))
        events += made
        assert (await feeder.feed(caseload, *made))["caseload"][CASE]["owners"] == owners


async def test_what_it_is_about_follows_the_primary_aspect(feeder: Feeder) -> None:
    events = opened(1)
    events += cases.classify_aspect(folded(events), primary_id(1), LOAN, INES)
    rows = await feeder.feed(caseload, complaint(1), *events)
    assert (rows["caseload"][CASE]["product"], rows["caseload"][CASE]["status"]) == ("Loan", "open")
    assert rows["case_words"][CASE]["about"] == "Charged twice\nCredit card\nFees\nLoan"


async def test_topics_may_arrive_in_any_order(postgres: Callable[[str], str]) -> None:
    topics: list[Sequence[Event]] = [
        [complaint(1)],
        worked(),
        [person(1)],
        [sentiment(1, -0.9, "red")],
        [sentiment(1, 0.4, "green", of="wanted")],
        [sentiment(1, -0.3, "red", subject="mention")],
    ]
    found = []
    for order in (topics, topics[::-1], topics[3:] + topics[:3], [topics[n] for n in (4, 1, 3, 0, 5, 2)]):
        feeder = Feeder(postgres("caseload"))
        for events in order:
            rows = await feeder.feed(caseload, *events)
        found.append(rows)
    assert all(one == other for one, other in itertools.pairwise(found))
    assert (found[0]["caseload"][CASE]["score"], found[0]["caseload"][CASE]["heat"]) == (-0.9, "red")


async def test_words_about_a_case_that_is_not_open_yet_are_no_case(feeder: Feeder) -> None:
    row = (await feeder.feed(caseload, sentiment(1, -0.9, "red")))["caseload"][CASE]
    assert (row["reference"], row["heat"]) == (None, "red")


async def test_an_erased_person_leaves_the_figures_and_no_word(feeder: Feeder) -> None:
    await feeder.feed(caseload, complaint(1), complaint(2), person(1), *opened(1))
    rows = await feeder.feed(caseload, erased(1))
    assert rows["complainants"][person_id(1)] == {
        "person_id": person_id(1), "name": None, "email": None, "phone": None, "needs": None,
        "preferred_channel": "email", "erased_at": AT,
    }  # fmt: skip
    assert (rows["case_words"][CASE]["narrative"], rows["case_words"][CASE]["wanted"]) == (None, None)
    assert rows["case_words"][CASE]["about"] == f"{CARD.issue}\n{CARD.product}"
    assert rows["case_words"][complaint_id(2)]["narrative"] is not None
    assert rows["caseload"][CASE]["reference"] is not None


def test_every_event_of_a_case_moves_its_version() -> None:
    """The ETag is the version: an event that did not move it would refuse every later edit."""
    assert {name for name, event in EVENTS.items() if issubclass(event, CaseEvent)} <= caseload.types
