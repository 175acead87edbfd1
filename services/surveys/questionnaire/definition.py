"""A questionnaire is data: a file that says what is asked, which answers there are, and from when it is used."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    model_validator,
)

from shared.features.config import ConfigFolder
from shared.text import not_blank, printable

MOST_QUESTIONS = 20
"""The most questions that one person answers."""

LONGEST = 4000
"""Characters of a free answer."""

Name = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9-]{0,39}$")]
Line = Annotated[
    str, StringConstraints(min_length=1, max_length=300), AfterValidator(printable), AfterValidator(not_blank)
]  # fmt: skip


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Option(Part):
    """One answer that can be chosen."""

    value: int = Field(ge=0, le=100)
    label: Line


class Question(Part):
    """One question; options are shown in their order, the least favourable first."""

    name: Name
    kind: Literal["choice", "text"]
    text: Line
    hint: str = Field("", max_length=300)
    required: bool = False
    options: tuple[Option, ...] = ()

    @model_validator(mode="after")
    def _options_fit_the_kind(self) -> "Question":
        values = [option.value for option in self.options]
        if self.kind == "text" and values:
            raise ValueError(f"question {self.name}: a text question has no options")
        if self.kind == "choice" and len(values) < 2:
            raise ValueError(f"question {self.name}: a choice needs two options or more")
        if values != sorted(set(values)):
            raise ValueError(f"question {self.name}: the options' values ascend, each once")
        return self

    def label(self, choice: int) -> str:
        """The label beside the person's choice."""
        return next((option.label for option in self.options if option.value == choice), str(choice))


class Questionnaire(Part):
    """One version of what is asked."""

    name: Name
    version: int = Field(ge=1)
    effective_from: date
    open_for_days: int = Field(ge=1, le=365)
    title: Line
    introduction: str = Field("", max_length=1000)
    thanks: str = Field("", max_length=1000)
    questions: tuple[Question, ...] = Field(min_length=1, max_length=MOST_QUESTIONS)

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Questionnaire":
        names = [question.name for question in self.questions]
        if len(set(names)) < len(names):
            raise ValueError("two questions have the same name")
        return self

    @model_validator(mode="after")
    def _file_has_its_name(self, info: ValidationInfo) -> "Questionnaire":
        if info.context not in (None, self.id):
            raise ValueError(f"name and version say {self.id}, so the file is {self.id}.toml")
        return self

    @cached_property
    def id(self) -> str:
        """Its id in events, for example `handling.v1`."""
        return f"{self.name}.v{self.version}"

    @property
    def open_for(self) -> timedelta:
        """Lifetime of the link."""
        return timedelta(days=self.open_for_days)


class Questionnaires:
    """All versions; those of the past stay, as the answers to them do."""

    def __init__(self, all_: Sequence[Questionnaire]) -> None:
        self.all = tuple(sorted(all_, key=lambda one: (one.effective_from, one.name, one.version)))
        self._by_id = {one.id: one for one in self.all}

    def get(self, id_: str) -> Questionnaire | None:
        return self._by_id.get(id_)

    def at(self, instant: datetime) -> Questionnaire | None:
        """The one that is asked at an instant: the last to take effect by then, None before the first."""
        day = instant.astimezone(UTC).date()
        return next((one for one in reversed(self.all) if one.effective_from <= day), None)


FILES: ConfigFolder[Questionnaire] = ConfigFolder(Path(__file__).parent / "questionnaires", Questionnaire)


def load_questionnaires() -> Questionnaires:
    return Questionnaires([*FILES().values()])
