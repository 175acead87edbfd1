"""Actions: one declaration of what may be done to an aggregate makes its API route and its form.

    work = Actions("/cases/{case_id}", decider, may="cases.work")

    @work("/call", title="Arrange a call", said="Call arranged")
    def arrange_call(case: Case, asked: ArrangeCall, by: Provenance) -> list[Event]:

`POST /api/v1/cases/{case_id}/call` takes `ArrangeCall` as JSON with `If-Match` and `Idempotency-Key`;
`POST /cases/{case_id}/call` takes the same fields of a form, with the version that its page showed and its own key.
The decision is called with the state, the ids of the path after the first, the model if it has one, and `Provenance`.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

from shared.events import Event
from shared.features.decider import Asked, Decider, Done, S
from shared.features.forms import FormField, fields_of
from shared.projections.view import View
from shared.security.permissions import Who
from shared.service.runtime import Runtime

F = TypeVar("F", bound=Callable[..., Sequence[Event]])


@dataclass(frozen=True, slots=True)
class Undo:
    """The path beneath the aggregate's that takes something back, and the fields that it is sent."""

    path: str
    fields: Mapping[str, str] = field(default_factory=dict)


class Position(BaseModel):
    """The answer to an action of the API, read from `Done`."""

    position: str | None = Field(description="Wait for it with `at_least`; null where nothing had to change.")


class Created(Position):
    id: UUID = Field(description="The id of what was made.")


Said = str | Callable[[Any, Any, str], str]
"""A sentence, or a function of the new state, the model and who acts."""
UndoOf = Callable[..., Undo | None]
"""A function of the state before and the ids of the path after the first; returns how to take the action back."""


@dataclass(frozen=True)
class Action(Generic[S]):
    """A declared action.

    `additive` says that it overwrites nothing, so that a form need not show the newest version; `panel` says of a state
    whether the page of the aggregate shows the action's form; `answer` is what the API says when it is done, None for
    nothing, and `later` says of the new state that this answer is a 202. `guard` raises `NotAllowed` where the model is
    not for whoever asks.
    """

    path: str
    decision: Callable[..., Sequence[Event]]
    title: str
    button: str
    said: Said
    may: str
    answer: type[Position] | None
    additive: bool
    undo: UndoOf | None
    panel: Callable[[Any], bool] | None
    later: Callable[[Any], bool] | None
    guard: Callable[[Who, Any], None]
    method: str

    @property
    def name(self) -> str:
        """`/aspects/{aspect_id}/resolution` is `resolution`."""
        return self.path.rpartition("/")[2]

    @cached_property
    def model(self) -> type[BaseModel] | None:
        """The input model among the decision's parameters."""
        kinds = [one.annotation for one in inspect.signature(self.decision, eval_str=True).parameters.values()]
        return next((kind for kind in kinds if inspect.isclass(kind) and issubclass(kind, BaseModel)), None)

    @property
    def fields(self) -> tuple[FormField, ...]:
        return fields_of(self.model) if self.model else ()

    def sentence(self, state: S, asked: BaseModel | None, actor: str) -> str:
        return self.said if isinstance(self.said, str) else self.said(state, asked, actor)

    def values(self, state: S) -> dict[str, Any]:
        """Initial values of the form: the attributes of the state under the same names."""
        return {field.name: getattr(state, field.name, None) for field in self.fields}


class Actions(Generic[S]):
    """The actions of one aggregate, declared by its features; its page waits for `views` to show what was done.

    Forms are posted under `at`, and requests of the API under `/api/v1` and `api`, which is `at` unless it is given.
    `pages` show the forms; the first of them is where one goes back to, unless the form names another in `back`.
    """

    def __init__(self, at: str, decider: Decider[S], *, may: str, api: str = "", pages: Sequence[str] = ()) -> None:
        self.at, self.decider, self.may = at, decider, may
        self.api, self.pages = f"/api/v1{api or at}", pages or (at,)
        self.views: Sequence[View] = ()
        self.all: dict[str, Action[S]] = {}

    def __call__(
        self, path: str, *, title: str, said: Said, button: str = "", may: str = "",
        answer: type[Position] | None = Position, additive: bool = False, undo: UndoOf | None = None,
        panel: Callable[[Any], bool] | None = None, later: Callable[[Any], bool] | None = None,
        guard: Callable[[Who, Any], None] = lambda who, asked: None, method: str = "POST",
    ) -> Callable[[F], F]:  # fmt: skip
        """Declare the decorated decision as an action under `path`."""

        def declare(decision: F) -> F:
            if path in self.all:
                raise TypeError(f"two actions are at {self.at}{path}")
            self.all[path] = Action(
                path, decision, title, button or title, said, may or self.may, answer, additive, undo, panel, later,
                guard, method,
            )  # fmt: skip
            return decision

        return declare

    def __getitem__(self, name: str) -> Action[S]:
        """The action whose path ends so, for templates."""
        return next(action for action in self.all.values() if action.name == name)

    def panels(self, state: S, refused: str = "") -> list[Action[S]]:
        """The actions whose forms the page of an aggregate in this state shows, and that which was `refused`."""
        return [one for one in self.all.values() if one.panel and (one.name == refused or one.panel(state))]

    def address(self, id_: UUID, path: str = "") -> str:
        """The address to which the form of the action is posted."""
        return _filled(self.at, id_) + path

    def back(self, id_: UUID, named: str = "") -> str:
        """The page that the form stood on, as it names it; only ever one of ours."""
        pages = [_filled(page, id_) for page in self.pages]
        return named if named.isprintable() and named.partition("?")[0] in pages else pages[0]

    async def perform(
        self, runtime: Runtime, action: Action[S], ids: Sequence[UUID], body: BaseModel | None, asked: Asked
    ) -> Done[S]:
        """Decide and save; `ids` are those of the path, the aggregate's first."""
        first, *others = ids
        given = [*others, body] if body else others
        return await self.decider.decide(
            runtime, first, lambda state, by: action.decision(state, *given, by), asked,
            f"{action.path} {' '.join(map(str, others))}", body.model_dump(mode="json") if body else None,
        )  # fmt: skip


def _filled(address: str, id_: UUID) -> str:
    return re.sub(r"\{\w+\}", str(id_), address)
