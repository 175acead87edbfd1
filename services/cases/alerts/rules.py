"""Rules on the sentiment of a complaint, which the firm keeps as data."""

from functools import reduce
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.cases.case.state import Case, evolve
from services.cases.priority.priority import raise_priority
from shared.events import Event, Provenance
from shared.events.cases import AlertRaised
from shared.events.sentiments import SentimentMeasured
from shared.features.codes import ALERTS, PRIORITIES
from shared.features.conditions import Condition, over
from shared.features.config import ConfigFile
from shared.text import not_blank, one_line

HEATS = ("green", "amber", "red")


class Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    when: Annotated[Condition, over(*({"score": -0.5, "heat": heat, "model": "lexicon.v1"} for heat in HEATS))]
    reason: Annotated[str, Field(min_length=1, max_length=150), AfterValidator(one_line), AfterValidator(not_blank)]
    priority: Annotated[str, PRIORITIES] | None = None
    alert: Annotated[str, ALERTS] | None = None

    def apply(self, case: Case, measured: SentimentMeasured, by: Provenance) -> list[Event]:
        reason = f"{self.reason} ({measured.score:+.2f}, {measured.model})"
        raised = raise_priority(case, self.priority, reason, by) if self.priority else []
        case = reduce(evolve, raised, case)
        return raised + (raise_alert(case, self.alert, reason, by) if self.alert else [])


class Rules(BaseModel):
    """All rules of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: tuple[Rule, ...]

    def met(self, measured: SentimentMeasured) -> list[Rule]:
        fields = {"score": measured.score, "heat": measured.heat, "model": measured.model}
        return [rule for rule in self.rules if rule.when.holds(fields)]


def raise_alert(case: Case, kind: str, reason: str, by: Provenance) -> list[Event]:
    """Someone should look at the case now: once per kind while the case is open."""
    if case.closed or kind in case.alerts:
        return []
    return [AlertRaised(**by.after(case), kind=kind, reason=reason)]


RULES: ConfigFile[Rules] = ConfigFile(Path(__file__).with_name("alert_rules.toml"), Rules)
