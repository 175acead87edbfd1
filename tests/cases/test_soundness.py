"""What holds of a case whatever is done with it, in any order."""

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.cases.case.state import Case
from shared.events import Event
from shared.events.cases import CaseReopened, DecisionEvent, NoteAdded
from shared.features.codes import OUTCOMES, PRIORITIES
from shared.problems import RuleBroken
from tests.scenarios import cases
from tests.scenarios.cases import (
    CARD,
    INES,
    LOAN,
    PRIMARY,
    SECOND,
    THIRD,
    closed,
    decided,
    decision,
    folded,
    opened,
    raised,
    reopened,
)

ASPECT = st.sampled_from([PRIMARY, SECOND, THIRD])
DECISIONS = st.builds(
    decision,
    st.sampled_from([*OUTCOMES]),
    st.sampled_from(["none", "apology", "refund"]),
    st.sampled_from([None, Decimal(0), Decimal(10)]),
    st.sampled_from([None, "GBP"]),
    st.sampled_from([None, "system-error"]),
    st.sampled_from([None, "We did as agreed."]),
)
COMMANDS: st.SearchStrategy[Callable[[Case], list[Event]]] = st.one_of(
    st.builds(raised, st.sampled_from([SECOND, THIRD])),
    st.builds(decided, ASPECT, DECISIONS),
    st.builds(decided, ASPECT),
    st.builds(lambda a, d: lambda c: cases.correct_decision(c, a, d, INES), ASPECT, DECISIONS),
    st.just(closed),
    st.just(reopened),
    st.builds(
        lambda a, h: lambda c: cases.assign_aspect(c, a, h, INES), ASPECT, st.sampled_from([None, "ines", "tom"])
    ),
    st.builds(lambda a, s: lambda c: cases.classify_aspect(c, a, s, INES), ASPECT, st.sampled_from([LOAN, CARD])),
    st.builds(lambda n: lambda c: cases.add_note(c, UUID(int=n), "Called.", INES), st.integers(1, 3)),
    st.builds(lambda p: lambda c: cases.raise_priority(c, p, "Red", INES), st.sampled_from([*PRIORITIES])),
    st.builds(lambda p: lambda c: cases.change_priority(c, p, "Asked", INES), st.sampled_from([*PRIORITIES])),
    st.just(lambda c: cases.raise_alert(c, "red-sentiment", "Red", INES)),
)


@settings(max_examples=200)
@given(st.lists(COMMANDS, max_size=40))
def test_whatever_is_asked_the_case_stays_sound(commands: list[Callable[[Case], list[Event]]]) -> None:
    """Never closed with an open aspect, always one primary, versions without a hole, a return that adds up."""
    events = opened(1)
    for command in commands:
        before = folded(events)
        try:
            new = command(before)
        except RuleBroken:
            continue
        events += new
        after = folded(events)
        assert [event.originator_version for event in events] == list(range(1, len(events) + 1))
        assert after.version == len(events)
        assert sum(aspect.primary for aspect in after.aspects) == 1
        assert not (after.closed and after.open_aspects)
        assert not (before.closed and not all(isinstance(event, NoteAdded | CaseReopened) for event in new))
        for event in new:
            if isinstance(event, DecisionEvent):
                assert (event.amount is None) == (event.currency is None)
                assert event.root_cause or not OUTCOMES.entries()[event.outcome].needs_root_cause
                assert event.explanation or not OUTCOMES.entries()[event.outcome].needs_explanation
