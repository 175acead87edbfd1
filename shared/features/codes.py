"""Code lists: what may be chosen, in the firm's own words, and what each choice means to the rules.

Events carry codes as open strings (`shared/events/codes.py`); pages and API take those of the list alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError, core_schema

from shared.events.codes import CODE
from shared.features.config import ConfigFile
from shared.text import not_blank, one_line
from shared.web.templating import gettext
from shared.web.words import Tone

FOLDER = Path(__file__).parent / "code_lists"
LISTS: dict[str, "CodeList[Any]"] = {}


class Entry(BaseModel):
    """A code of a list; in the file, its label alone is enough."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: Annotated[str, Field(min_length=1, max_length=80), AfterValidator(one_line), AfterValidator(not_blank)]
    """The label as people say it within a sentence."""

    @model_validator(mode="before")
    @classmethod
    def _label_alone(cls, given: Any) -> Any:
        return {"label": given} if isinstance(given, str) else given


E = TypeVar("E", bound=Entry)


class CodeList(Mapping[str, str], Generic[E]):
    """Code to label, in the order in which they are offered; `uses` are those that the program itself gives.

    In `Annotated[str, OUTCOMES]` it is the choice of a form, and refuses what is not on it.
    """

    __hash__ = object.__hash__
    __eq__ = object.__eq__

    def __init__(self, name: str, entry: type[E], *uses: str) -> None:
        self.uses = uses
        code = Annotated[str, Field(pattern=CODE)]
        self.entries: ConfigFile[dict[str, E]] = ConfigFile(
            FOLDER / f"{name}.toml",
            Annotated[dict[code, entry], AfterValidator(self._complete)],  # type: ignore[valid-type]
        )
        LISTS[name] = self

    def __getitem__(self, code: str) -> str:
        label = gettext(self.entries()[code].label)
        return label[:1].upper() + label[1:]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries())

    def __len__(self) -> int:
        return len(self.entries())

    def entry(self, code: str | None) -> E | None:
        return self.entries().get(code or "")

    def spoken(self, code: str) -> str:
        """The label as it stands within a sentence; a code that is no more on the list as it is."""
        known = self.entry(code)
        return gettext(known.label) if known else code

    def options(self) -> Sequence[tuple[str, str]]:
        return list(self.items())

    def _complete(self, given: dict[str, E]) -> dict[str, E]:
        if missing := sorted({*self.uses} - given.keys()):
            raise ValueError(f"Recourse itself uses {', '.join(missing)}: keep it on the list")
        return given

    def _listed(self, code: str) -> str:
        if code not in self.entries():
            raise PydanticCustomError("not_listed", "Choose one of: {codes}", {"codes": ", ".join(self)})
        return code

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._listed, handler(source))

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema, handler: Any) -> dict[str, Any]:
        return {**handler(schema), "enum": list(self)}


class Channel(Entry):
    contact: bool = False
    """Staff may log a conversation that took place so."""
    staff: bool = False
    """Staff may say that a complaint came by it."""
    answers: bool = False
    """A customer may want to be answered by it."""


class Outcome(Entry):
    tone: Tone = "neutral"
    needs_root_cause: bool = False
    needs_subject: bool = True
    """Product and issue are said before it is decided."""
    needs_explanation: bool = False


class Priority(Entry):
    urgency: int = Field(ge=0, le=100)
    """The higher, the sooner."""


class Redress(Entry):
    money: bool = False


class Wait(Entry):
    status: Literal["pending", "on-hold"]
    """The status of a case that waits so."""
    reply_ends: bool = False
    """A message of the customer ends the wait."""


ALERTS = CodeList("alerts", Entry)
CHANNELS = CodeList("channels", Channel, "web", "email", "social", "api", "import")
DISMISSALS = CodeList("dismissals", Entry, "not-a-complaint")
MENTION_KINDS = CodeList("mention_kinds", Entry, "post", "comment", "review", "message")
OUTCOMES = CodeList("outcomes", Outcome)
PRIORITIES = CodeList("priorities", Priority, "normal")
PURPOSES = CodeList("purposes", Entry, "acknowledgement", "reply", "survey-invitation")
REDRESS = CodeList("redress", Redress, "none")
ROOT_CAUSES = CodeList("root_causes", Entry)
WAITS = CodeList("waits", Wait)


def tone(outcome: str | None) -> Tone:
    known = OUTCOMES.entry(outcome)
    return known.tone if known else "neutral"
