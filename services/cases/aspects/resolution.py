"""Decide an aspect: outcome, redress, root cause, and the reason for the decision."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.cases.case.actions import work
from services.cases.case.currencies import CURRENCIES
from services.cases.case.state import Case
from services.cases.root_causes.definition import RootCauses, load_root_causes
from shared.events import By, Event
from shared.events.cases import AspectResolved, Outcome, Redress
from shared.events.sealed import Sealed
from shared.problems import RuleBroken, Unprocessable
from shared.text import printable

MONEY: frozenset[Redress] = frozenset({"refund", "compensation"})
UPHELD: frozenset[Outcome] = frozenset({"upheld", "partly-upheld"})
NOTHING_DECIDED: frozenset[Outcome] = frozenset({"withdrawn", "out-of-scope"})
ROOT_CAUSES: RootCauses = load_root_causes()


class AspectAlreadyResolved(RuleBroken):
    """This aspect is decided. To decide it again, close the case and reopen it with a reason."""


class AspectNotClassified(RuleBroken):
    """Add a product and issue before you decide."""


class RootCauseMissing(Unprocessable):
    """Choose a root cause. Upheld complaints need one."""

    field = "root_cause"


class AmountIncomplete(Unprocessable):
    """Choose a currency for the amount, and enter an amount for the currency."""

    field = "currency"


class AmountWithoutMoney(Unprocessable):
    """Only a refund or compensation has an amount. Choose one of them, or leave the amount out."""

    field = "amount"


class MoneyWithoutAmount(Unprocessable):
    """Enter the amount and its currency. A refund or compensation needs both."""

    field = "amount"


def _in_use(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError("Choose a currency")
    return code


def _on_the_list(code: str) -> str:
    if code not in ROOT_CAUSES.names:
        raise ValueError("Choose a root cause from the list")
    return code


class ResolveAspect(BaseModel):
    """The decision about an aspect."""

    outcome: Outcome = Field(title="Outcome", json_schema_extra={"kind": "radios", "enter": "Select an outcome"})
    redress: Redress = Field("none", title="Redress", json_schema_extra={"enter": "Select a redress"})
    amount: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)] | None = Field(
        None, title="Amount", description="Above zero, for a refund or compensation only.",
        json_schema_extra={"enter": "Enter an amount, like 25.00"},
    )  # fmt: skip
    currency: Annotated[str, AfterValidator(str.upper), AfterValidator(_in_use)] | None = Field(
        None, title="Currency", description="ISO 4217, with an amount."
    )
    root_cause: Annotated[str, Field(max_length=80), AfterValidator(printable), AfterValidator(_on_the_list)] | None = (
        Field(None, title="Root cause", description="From the firm's list; required if upheld or partly upheld.")
    )
    explanation: Annotated[str, Field(max_length=20_000), AfterValidator(printable)] | None = Field(
        None, title="Reason for decision", description="Sealed under the customer's key."
    )


@work("/aspects/{aspect_id}/resolution", title="Decide", button="Save decision", said="Decision saved")
def resolve_aspect(case: Case, aspect_id: UUID, asked: ResolveAspect, by: By) -> list[Event]:
    """Decide the aspect: once, and once more each time that the case is reopened."""
    case.ensure_open()
    aspect = case.aspect(aspect_id)
    if aspect.decided_in == case.round:
        raise AspectAlreadyResolved
    if asked.outcome not in NOTHING_DECIDED and not (aspect.subject.product or aspect.subject.issue):
        raise AspectNotClassified
    _check_money(asked)
    if asked.outcome in UPHELD and not asked.root_cause:
        raise RootCauseMissing
    return [
        AspectResolved(
            **by.after(case), aspect_id=aspect_id, **asked.model_dump(exclude={"explanation"}),
            explanation=Sealed.of(case.person_id, asked.explanation),
        )
    ]  # fmt: skip


def _check_money(asked: ResolveAspect) -> None:
    if (asked.amount is None) != (asked.currency is None):
        raise AmountIncomplete
    if asked.amount is not None and asked.redress not in MONEY:
        raise AmountWithoutMoney
    if asked.redress in MONEY and not asked.amount:
        raise MoneyWithoutAmount
