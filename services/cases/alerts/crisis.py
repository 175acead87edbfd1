"""Words of a complaint that say that somebody may come to harm: people look at its case first."""

import re
from functools import reduce
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from services.cases.alerts.rules import raise_alert
from services.cases.case.state import evolve
from services.cases.priority.priority import raise_priority
from shared.events import Event, Provenance
from shared.features.config import ConfigFile

ALERT, PRIORITY = "risk-of-harm", "urgent"
WORD = re.compile(r"[^\W_]+")
REASON = "The complaint has words that suggest a risk of harm"


def spoken(text: str) -> str:
    """Only the words, in lower case and with a space around each: whatever stands between them is the same."""
    return f" {' '.join(WORD.findall(text.casefold()))} "


def _some_words(phrase: str) -> str:
    if not (words := spoken(phrase)).strip():
        raise ValueError("Enter one word or more")
    return words


class CrisisWords(BaseModel):
    """The phrases, as they are looked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    phrases: tuple[Annotated[str, AfterValidator(_some_words)], ...]

    def found_in(self, text: str | None) -> bool:
        words = spoken(text or "")
        return any(phrase in words for phrase in self.phrases)


CRISIS_WORDS: ConfigFile[CrisisWords] = ConfigFile(Path(__file__).with_name("crisis_words.toml"), CrisisWords)


def with_alert(opened: list[Event], texts: list[str | None], by: Provenance) -> list[Event]:
    """The events that open a case, followed by an alert and the highest priority where one of the texts asks for it."""
    if not any(map(CRISIS_WORDS().found_in, texts)):
        return opened
    case = reduce(evolve, opened[1:], evolve(None, opened[0]))
    raised = raise_priority(case, PRIORITY, REASON, by)
    return opened + raised + raise_alert(reduce(evolve, raised, case), ALERT, REASON, by)
