"""A case waits for somebody, and goes on by hand, at its time, or when the customer writes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.cases.case.state import CaseAlreadyClosed
from services.cases.waiting.waiting import (
    CaseNotPaused,
    PauseCase,
    UntilInPast,
    UntilMissing,
    pause_case,
    resume_at_time,
    resume_case,
)
from shared.events.cases import CasePaused, CaseResumed
from tests.scenarios.cases import INES, closed, decided, folded, opened

SOON = INES.at + timedelta(days=2)


def test_the_status_says_for_whom_the_case_waits() -> None:
    events = opened(1)
    for waiting_for, status in (("customer", "pending"), ("third-party", "on-hold")):
        paused = pause_case(folded(events), PauseCase(waiting_for=waiting_for), INES)
        assert paused == [CasePaused(**INES.after(folded(events)), waiting_for=waiting_for)]
        assert folded([*events, *paused]).status == status


def test_a_wait_ends_by_hand_and_once() -> None:
    events = opened(1)
    events += pause_case(folded(events), PauseCase(waiting_for="customer"), INES)
    events += resume_case(folded(events), INES)
    assert (folded(events).status, folded(events).wait) == ("open", None)
    with pytest.raises(CaseNotPaused):
        resume_case(folded(events), INES)


def test_a_wait_ends_at_its_time_and_not_before() -> None:
    events = opened(1)
    events += pause_case(folded(events), PauseCase(waiting_for="date", until=SOON), INES)
    assert resume_at_time(folded(events), INES) == []
    (made,) = resume_at_time(folded(events), replace(INES, at=SOON))
    assert isinstance(made, CaseResumed)
    assert resume_at_time(folded([*events, made]), replace(INES, at=SOON)) == []


def test_a_wait_for_a_date_names_one_that_is_to_come() -> None:
    with pytest.raises(UntilMissing):
        pause_case(folded(opened(1)), PauseCase(waiting_for="date"), INES)
    with pytest.raises(UntilInPast):
        pause_case(folded(opened(1)), PauseCase(waiting_for="customer", until=INES.at), INES)


def test_a_closed_case_waits_for_nobody() -> None:
    events = opened(1)
    events += pause_case(folded(events), PauseCase(waiting_for="customer"), INES)
    for decide in (decided(), closed):
        events += decide(folded(events))
    assert (folded(events).wait, folded(events).status) == (None, "closed")
    with pytest.raises(CaseAlreadyClosed):
        pause_case(folded(events), PauseCase(waiting_for="customer"), INES)
