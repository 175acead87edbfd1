"""What a case allows and refuses."""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from services.cases.aspects.assignment import OwnedByOthers
from services.cases.aspects.raising import AspectEmpty
from services.cases.aspects.resolution import (
    AspectAlreadyResolved,
)
from services.cases.case.state import AspectUnknown, Case, CaseAlreadyClosed, Subject, evolve
from services.cases.closing.closing import AspectsStillOpen, CaseNotClosed, ClosedForLonger, undo_closing
from shared.events import Event, Provenance
from shared.events.cases import (
    AlertRaised,
    AspectAssigned,
    AspectClassified,
    AspectRaised,
    AspectResolved,
    CaseClosed,
    CaseOpened,
    CaseReopened,
    NoteAdded,
    PriorityChanged,
)
from shared.events.sealed import Sealed
from tests.scenarios import cases
from tests.scenarios.cases import (
    AT,
    CARD,
    CASE,
    INES,
    LOAN,
    NOT_UPHELD,
    NOTE,
    PERSON,
    PRIMARY,
    SECOND,
    THIRD,
    UPHELD,
    case,
    closed,
    complaint,
    decided,
    decision,
    opened,
    raised,
    reopened,
)  # fmt: skip


def stamp(version: int, by: Provenance = INES) -> dict[str, Any]:
    return by.stamp(CASE, version)


def test_a_complaint_opens_a_case_with_its_primary_aspect() -> None:
    received = complaint(1)
    by = Provenance("cases.open", received.recorded_at, received.id)
    assert cases.open_case(received, by) == [
        CaseOpened(
            **stamp(1, by), reference=received.reference, person_id=PERSON, channel="web",
            received_at=received.recorded_at,
        ),
        AspectRaised(**stamp(2, by), aspect_id=PRIMARY, primary=True, product="Credit card", issue="Charged twice"),
    ]  # fmt: skip
    assert case().status == "new"


def test_clocks_start_when_it_was_received_not_when_it_was_typed_in() -> None:
    first, *_ = opened(1, received_at=AT.replace(year=2020))
    assert isinstance(first, CaseOpened)
    assert first.received_at == AT.replace(year=2020)
    assert first.recorded_at.year == 2026


def test_a_further_aspect_is_never_primary_and_comes_once() -> None:
    made = cases.raise_aspect(case(), SECOND, LOAN, "Also the loan.", INES)
    assert made == [
        AspectRaised(
            **stamp(3), aspect_id=SECOND, primary=False, product="Loan", issue="Fees",
            summary=Sealed(PERSON, "Also the loan."),
        )
    ]  # fmt: skip
    assert cases.raise_aspect(case(raised()), SECOND, LOAN, None, INES) == []


def test_a_further_aspect_says_what_it_is_about() -> None:
    for subject, summary in ((Subject(), None), (Subject("", "Credit", ""), "")):
        with pytest.raises(AspectEmpty):
            cases.raise_aspect(case(), SECOND, subject, summary, INES)
    for subject, summary in ((Subject("Loan"), None), (Subject(issue="Fees"), None), (Subject(), "Also the loan.")):
        assert len(cases.raise_aspect(case(), SECOND, subject, summary, INES)) == 1


def test_an_aspect_is_classified_assigned_and_resolved() -> None:
    assert cases.classify_aspect(case(), PRIMARY, LOAN, INES) == [
        AspectClassified(**stamp(3), aspect_id=PRIMARY, **asdict(LOAN))
    ]
    assert cases.classify_aspect(case(), PRIMARY, CARD, INES) == []
    assert cases.assign_aspect(case(), PRIMARY, "ines@example.org", INES) == [
        AspectAssigned(**stamp(3), aspect_id=PRIMARY, handler="ines@example.org")
    ]
    assert cases.assign_aspect(case(), PRIMARY, None, INES) == []
    owned = case(lambda case: cases.assign_aspect(case, PRIMARY, "ines@example.org", INES))
    freed = evolve(owned, cases.assign_aspect(owned, PRIMARY, None, INES)[0])
    assert (owned.aspects[0].handler, freed.aspects[0].handler) == ("ines@example.org", None)
    assert cases.resolve_aspect(case(), PRIMARY, UPHELD, INES) == [
        AspectResolved(
            **stamp(3), aspect_id=PRIMARY, outcome="upheld", redress="refund", amount=Decimal("25.00"),
            currency="GBP", root_cause="system-error", explanation=Sealed(PERSON, "We charged you twice."),
        )
    ]  # fmt: skip


def test_a_classification_names_product_and_issue() -> None:
    for subject in (Subject("Loan"), Subject(issue="Fees"), Subject()):
        with pytest.raises(ValidationError):
            cases.classify_aspect(case(), PRIMARY, subject, INES)


def test_a_case_is_given_to_one_owner_with_all_that_nobody_owns() -> None:
    toms = lambda case: cases.assign_aspect(case, PRIMARY, "tom@example.org", INES)  # noqa: E731
    with pytest.raises(OwnedByOthers):
        cases.assign_case(case(toms), "ines@example.org", INES)
    assert cases.assign_case(case(toms), "tom@example.org", INES) == []
    assert cases.assign_case(case(toms, raised()), "ines@example.org", INES) == [
        AspectAssigned(**stamp(5), aspect_id=SECOND, handler="ines@example.org")
    ]
    assert cases.assign_case(case(decided()), "ines@example.org", INES) == [
        AspectAssigned(**stamp(4), aspect_id=PRIMARY, handler="ines@example.org")
    ], "it is still to be closed"
    two = case(raised(), decided())
    assert cases.assign_case(two, "ines@example.org", INES) == [
        AspectAssigned(**stamp(5), aspect_id=SECOND, handler="ines@example.org")
    ]


def test_an_aspect_is_decided_once_and_anew_only_after_reopening() -> None:
    with pytest.raises(AspectAlreadyResolved):
        decided()(case(decided()))
    again = case(decided(), closed, reopened)
    assert again.status == "open"
    assert cases.resolve_aspect(again, PRIMARY, UPHELD, INES)[0].originator_version == 6
    with pytest.raises(AspectAlreadyResolved):
        decided()(case(decided(), closed, reopened, decided()))


def test_a_case_does_not_close_while_an_aspect_is_open() -> None:
    with pytest.raises(AspectsStillOpen, match="Credit card: Charged twice; Loan: Fees"):
        closed(case(raised()))
    with pytest.raises(AspectsStillOpen, match="Still open: Loan: Fees"):
        closed(case(raised(), decided()))


def test_a_reopened_case_closes_once_every_aspect_is_decided_anew() -> None:
    steps = raised(), decided(), decided(SECOND), closed, reopened
    with pytest.raises(AspectsStillOpen, match="Credit card: Charged twice; Loan: Fees"):
        closed(case(*steps))
    with pytest.raises(AspectsStillOpen, match="Still open: Loan: Fees"):
        closed(case(*steps, decided()))
    assert case(*steps, decided(), decided(SECOND)).status == "resolved"
    assert case(*steps, decided(), decided(SECOND), closed).status == "closed"


def test_three_aspects_with_different_outcomes_close_one_case() -> None:
    done = case(
        raised(SECOND), raised(THIRD), decided(PRIMARY, UPHELD), decided(SECOND, NOT_UPHELD),
        decided(THIRD, decision("withdrawn")),
    )  # fmt: skip
    assert done.status == "resolved"
    assert closed(done) == [CaseClosed(**stamp(8), person_id=PERSON)]


@pytest.mark.parametrize(
    "decide",
    [
        raised(),
        decided(),
        closed,
        lambda case: cases.classify_aspect(case, PRIMARY, LOAN, INES),
        lambda case: cases.assign_aspect(case, PRIMARY, "ines@example.org", INES),
        lambda case: cases.assign_case(case, "ines@example.org", INES),
        lambda case: cases.correct_decision(case, PRIMARY, UPHELD, INES),
        lambda case: cases.change_priority(case, "urgent", "Asked", INES),
    ],
)
def test_a_closed_case_refuses_work(decide: Callable[[Case], list[Event]]) -> None:
    with pytest.raises(CaseAlreadyClosed):
        decide(case(decided(), closed))


def test_a_closed_case_takes_a_note_and_ignores_what_rules_ask_for() -> None:
    done = case(decided(), closed)
    assert cases.add_note(done, NOTE, "The customer called to thank us.", INES) == [
        NoteAdded(**stamp(5), note_id=NOTE, text=Sealed(PERSON, "The customer called to thank us."))
    ]
    assert cases.raise_priority(done, "urgent", "Red", INES) == []
    assert cases.raise_alert(done, "red-sentiment", "Red", INES) == []


def test_closing_is_undone_for_a_while_and_decisions_stand() -> None:
    shut = case(decided(), closed)
    again = evolve(shut, undo_closing(shut, INES)[0])
    assert (again.status, again.open_aspects, again.round) == ("resolved", (), shut.round)
    assert closed(again), "it closes without a new decision"
    with pytest.raises(ClosedForLonger):
        undo_closing(shut, replace(INES, at=INES.at + timedelta(hours=2)))
    with pytest.raises(CaseNotClosed):
        undo_closing(again, INES)


def test_only_a_closed_case_is_reopened() -> None:
    with pytest.raises(CaseNotClosed):
        reopened(case())
    assert reopened(case(decided(), closed)) == [CaseReopened(**stamp(5), reason="The customer disputes")]


def test_a_note_begins_the_work() -> None:
    assert case(lambda case: cases.add_note(case, NOTE, "Called.", INES)).status == "open"


def test_a_rule_raises_the_priority_and_never_lowers_it() -> None:
    assert cases.raise_priority(case(), "high", "Red", INES) == [
        PriorityChanged(**stamp(3), priority="high", reason="Red")
    ]
    urgent = case(lambda case: cases.change_priority(case, "urgent", "Asked", INES))
    assert cases.raise_priority(urgent, "high", "Red", INES) == []
    assert cases.change_priority(urgent, "low", "Calm again", INES) == [
        PriorityChanged(**stamp(4), priority="low", reason="Calm again")
    ]


def test_an_alert_is_raised_once_while_the_case_is_open() -> None:
    def alerted(case: Case) -> list[Event]:
        return cases.raise_alert(case, "red-sentiment", "Red", INES)

    assert alerted(case()) == [AlertRaised(**stamp(3), kind="red-sentiment", reason="Red")]
    assert alerted(case(alerted)) == []
    assert len(alerted(case(alerted, decided(), closed, reopened))) == 1


def test_an_aspect_of_another_case_is_unknown() -> None:
    for decide in (decided(SECOND), lambda case: cases.assign_aspect(case, SECOND, None, INES)):
        with pytest.raises(AspectUnknown):
            decide(case())
