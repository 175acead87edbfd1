"""Retention rules, which a compliance officer keeps as data and which are checked when the service starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.intake.person.state import Hold
from shared.features.conditions import Condition, over
from shared.features.config import ConfigFile


@dataclass(frozen=True, slots=True)
class Kept:
    """A complaint as far as retention looks at it."""

    received: date
    products: tuple[str, ...] = ()
    """Every one that it was ever said to be about, by the customer and by staff."""
    invented: bool = False


class Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=100, description="What events and certificates call it.")
    source: str = Field(min_length=1, max_length=300)
    effective_from: date
    effective_until: date | None = None
    years: int = Field(ge=1, le=100)
    when: Annotated[Condition, over({"products": ["Loan"]}, {"products": []})] = Field("true", validate_default=True)
    override: bool

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> "Rule":
        if self.effective_until is not None and self.effective_until <= self.effective_from:
            raise ValueError(f"rule {self.name}: it ends before it begins")
        return self

    def covers(self, complaint: Kept) -> bool:
        began = self.effective_from <= complaint.received
        going_on = self.effective_until is None or complaint.received < self.effective_until
        return not complaint.invented and began and going_on and self.when.holds({"products": list(complaint.products)})


class Retention(BaseModel):
    """All rules of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _each_once(self) -> "Retention":
        names = [rule.name for rule in self.rules]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two rules are called {', '.join(twice)}")
        return self

    def holds(self, complaints: Sequence[Kept]) -> list[Hold]:
        """Each rule that covers one of the complaints, with the last day that follows from it."""
        held = []
        for rule in self.rules:
            if days := [after(one.received, rule.years) for one in complaints if rule.covers(one)]:
                held.append(Hold(rule.name, max(days), rule.override))
        return held


def after(day: date, years: int) -> date:
    """The same day that many years later; what was received on 29 February is kept until 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


RETENTION: ConfigFile[Retention] = ConfigFile(Path(__file__).with_name("retention.toml"), Retention)
