"""Decisions of aspects: what a return needs, money in its currency's decimals, corrections in place."""

from decimal import Decimal

import pytest

from services.cases.aspects.correction import AspectNotDecided
from services.cases.aspects.resolution import (
    AmountIncomplete,
    AmountTooFine,
    AmountWithoutMoney,
    AspectNotClassified,
    ExplanationMissing,
    MoneyWithoutAmount,
    ResolveAspect,
    RootCauseMissing,
)
from services.cases.case.state import evolve
from shared.events.cases import (
    AspectResolved,
    DecisionCorrected,
)
from shared.events.sealed import Sealed
from shared.problems import RuleBroken
from tests.scenarios import cases
from tests.scenarios.cases import (
    CASE,
    INES,
    LOAN,
    PERSON,
    PRIMARY,
    UPHELD,
    case,
    closed,
    decided,
    decision,
    folded,
    opened,
    raised,
    reopened,
)  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        (decision("upheld"), RootCauseMissing),
        (decision("partly-upheld"), RootCauseMissing),
        (decision("partly-upheld", root_cause="delay"), ExplanationMissing),
        (decision("not-upheld", explanation=" "), ExplanationMissing),
        (decision("out-of-scope"), ExplanationMissing),
        (decision("not-upheld", "refund", Decimal(5)), AmountIncomplete),
        (decision("not-upheld", "refund", None, "GBP"), AmountIncomplete),
        (decision("not-upheld", "apology", Decimal(5), "GBP"), AmountWithoutMoney),
        (decision("not-upheld", "none", Decimal(0), "GBP"), AmountWithoutMoney),
        (decision("not-upheld", "compensation"), MoneyWithoutAmount),
        (decision("not-upheld", "refund", Decimal(0), "GBP"), MoneyWithoutAmount),
        (decision("not-upheld", "refund", Decimal("100.50"), "JPY"), AmountTooFine),
        (decision("not-upheld", "refund", Decimal("1.2345"), "KWD"), AmountTooFine),
    ],
)
def test_a_decision_says_what_a_return_needs(asked: ResolveAspect, refusal: type[RuleBroken]) -> None:
    with pytest.raises(refusal):
        cases.resolve_aspect(case(), PRIMARY, asked, INES)
    with pytest.raises(refusal):
        cases.correct_decision(case(decided()), PRIMARY, asked, INES)


def test_a_decision_is_corrected_in_place_until_the_case_is_closed() -> None:
    resolved = case(decided())
    corrected = cases.correct_decision(resolved, PRIMARY, UPHELD, INES)
    assert corrected == [
        DecisionCorrected(
            **INES.stamp(CASE, 4), aspect_id=PRIMARY, outcome="upheld", redress="refund", amount=Decimal("25.00"),
            currency="GBP", root_cause="system-error", explanation=Sealed(PERSON, "We charged you twice."),
            reason="Wrong amount",
        )
    ]  # fmt: skip
    assert evolve(resolved, corrected[0]).status == "resolved"
    assert len(cases.correct_decision(case(raised(), decided()), PRIMARY, UPHELD, INES)) == 1, "another is open"
    for undecided in (case(), case(decided(), closed, reopened)):
        with pytest.raises(AspectNotDecided):
            cases.correct_decision(undecided, PRIMARY, UPHELD, INES)


@pytest.mark.parametrize(
    ("amount", "currency", "stored", "of"),
    [
        ("1.234", "KWD", "1.234", "KWD"), ("0.005", "BHD", "0.005", "BHD"), ("100", "JPY", "100", "JPY"),
        ("£1,250.00", None, "1250.00", "GBP"), ("1,250", "gbp", "1250.00", "GBP"), ("7", "CHF", "7.00", "CHF"),
    ],
)  # fmt: skip
def test_an_amount_has_its_currencys_decimals(amount: str, currency: str | None, stored: str, of: str) -> None:
    asked = ResolveAspect.model_validate(
        {"outcome": "withdrawn", "redress": "refund", "amount": amount, "currency": currency}
    )
    (event,) = cases.resolve_aspect(case(), PRIMARY, asked, INES)
    assert isinstance(event, AspectResolved)
    assert (str(event.amount), event.currency) == (stored, of)


def test_what_an_aspect_is_about_is_said_before_it_is_decided() -> None:
    events = opened(1, product=None, issue=None)
    with pytest.raises(AspectNotClassified):
        decided(PRIMARY, UPHELD)(folded(events))
    assert decided(PRIMARY, decision("withdrawn"))(folded(events)), "nobody has to find out any more"
    events += cases.classify_aspect(folded(events), PRIMARY, LOAN, INES)
    assert folded(events + decided(PRIMARY, UPHELD)(folded(events))).status == "resolved"
    assert len(decided()(folded(opened(1, issue=None)))) == 1, "what the customer chose is enough"
