"""Decide an aspect: outcome, redress, root cause, and the reason for the decision."""

from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.cases.case.actions import work
from services.cases.case.state import Case
from shared.events import Event, Provenance
from shared.events.cases import AspectResolved
from shared.events.sealed import Sealed
from shared.features.codes import OUTCOMES, REDRESS, ROOT_CAUSES
from shared.money import DECIMALS, NAMES, fits, read, whole
from shared.problems import RuleBroken, Unprocessable
from shared.text import printable
from shared.web.templating import gettext as _


class AspectAlreadyResolved(RuleBroken):
    """This aspect is decided. If the decision is wrong, correct it."""


class AspectNotClassified(RuleBroken):
    """Add a product and issue before you decide."""


class RootCauseMissing(Unprocessable):
    """Choose a root cause. This outcome needs one."""

    field = "root_cause"


class ExplanationMissing(Unprocessable):
    """Enter the reason for this decision. This outcome needs one."""

    field = "explanation"


class AmountIncomplete(Unprocessable):
    """Choose a currency for the amount, and enter an amount for the currency."""

    field = "currency"


class AmountWithoutMoney(Unprocessable):
    """This redress has no amount. Choose another, such as a refund, or leave the amount out."""

    field = "amount"


class MoneyWithoutAmount(Unprocessable):
    """Enter the amount and its currency. This redress needs both."""

    field = "amount"


class AmountTooFine(Unprocessable):
    """Enter an amount with fewer decimals: the currency has fewer."""

    field = "amount"

    def __init__(self, currency: str) -> None:
        decimals = DECIMALS[currency]
        super().__init__(
            f"Enter an amount with at most {decimals} decimals. {NAMES[currency]} has no more."
            if decimals
            else f"Enter a whole amount. {NAMES[currency]} has no decimals."
        )


class Currencies:
    """The currencies in use (ISO 4217), to choose from."""

    def options(self) -> Sequence[tuple[str, str]]:
        return [(code, f"{code} – {_(name)}") for code, name in sorted(NAMES.items())]


def _in_use(code: str) -> str:
    if code not in DECIMALS:
        raise ValueError("Choose a currency")
    return code


class ResolveAspect(BaseModel):
    """The decision about an aspect."""

    outcome: Annotated[str, OUTCOMES] = Field(
        title="Outcome", json_schema_extra={"kind": "radios", "enter": "Select an outcome"}
    )
    redress: Annotated[str, REDRESS] = Field("none", title="Redress", json_schema_extra={"enter": "Select a redress"})
    amount: Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=4)] | None = Field(
        None, title="Amount",
        description="Above zero, for redress in money only; with no more decimals than its currency has.",
        json_schema_extra={"enter": "Enter an amount, like 25.00"},
    )  # fmt: skip
    currency: Annotated[str, AfterValidator(str.upper), AfterValidator(_in_use), Currencies()] | None = Field(
        None, title="Currency", description="ISO 4217, with an amount."
    )
    root_cause: Annotated[str, ROOT_CAUSES] | None = Field(
        None, title="Root cause", description="Required if the complaint is upheld, also in part.",
        json_schema_extra={
            "hint": "Required if upheld or partly upheld", "enter": "Choose a root cause from the list",
        },
    )  # fmt: skip
    explanation: Annotated[str, Field(max_length=20_000), AfterValidator(printable)] | None = Field(
        None, title="Reason for decision",
        description="Required unless the complaint is upheld or withdrawn. Sealed under the customer's key.",
        json_schema_extra={"hint": "Required unless upheld or withdrawn"},
    )  # fmt: skip

    @model_validator(mode="before")
    @classmethod
    def _as_typed(cls, asked: Any) -> Any:
        """`£1,250.00` is an amount and its currency; what cannot be read is refused at its field."""
        if isinstance(asked, dict) and isinstance(asked.get("amount"), str):
            with suppress(ValueError):
                amount, currency = read(asked["amount"], str(asked.get("currency") or "").upper() or None)
                return {**asked, "amount": amount, "currency": currency}
        return asked


@work("/aspects/{aspect_id}/resolution", title="Decide", button="Save decision", said="Decision saved")
def resolve_aspect(case: Case, aspect_id: UUID, asked: ResolveAspect, by: Provenance) -> list[Event]:
    """Decide the aspect: once, and once more each time that the case is reopened."""
    case.ensure_open()
    if case.aspect(aspect_id).decided_in == case.round:
        raise AspectAlreadyResolved
    return [AspectResolved(**by.after(case), **decision(case, aspect_id, asked))]


def decision(case: Case, aspect_id: UUID, asked: ResolveAspect) -> dict[str, Any]:
    """Check what is asked; answer the fields that every event of a decision has."""
    subject = case.aspect(aspect_id).subject
    outcome, redress = OUTCOMES.entries()[asked.outcome], REDRESS.entries()[asked.redress]
    if outcome.needs_subject and not (subject.product or subject.issue):
        raise AspectNotClassified
    _check_money(asked, redress.money)
    if outcome.needs_root_cause and not asked.root_cause:
        raise RootCauseMissing
    if outcome.needs_explanation and not asked.explanation:
        raise ExplanationMissing
    return {
        "aspect_id": aspect_id, "outcome": asked.outcome, "redress": asked.redress, "currency": asked.currency,
        "amount": whole(asked.amount, asked.currency) if asked.amount and asked.currency else None,
        "root_cause": asked.root_cause, "explanation": Sealed.of(case.person_id, asked.explanation),
    }  # fmt: skip


def _check_money(asked: ResolveAspect, money: bool) -> None:
    if (asked.amount is None) != (asked.currency is None):
        raise AmountIncomplete
    if asked.amount is not None and not money:
        raise AmountWithoutMoney
    if money and not asked.amount:
        raise MoneyWithoutAmount
    if asked.amount and asked.currency and not fits(asked.amount, asked.currency):
        raise AmountTooFine(asked.currency)
