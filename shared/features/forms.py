"""Forms from input models: one declaration gives the API its body, the page its fields, and each error its words."""

import types
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Protocol, TypeVar, Union, get_args, get_origin, runtime_checkable

from pydantic import AwareDatetime, BaseModel, ValidationError
from pydantic.fields import FieldInfo

from shared.text import CANNOT_BE_READ, NotPlain
from shared.web.templating import gettext as _

M = TypeVar("M", bound=BaseModel)
LONG = 300
"""Characters from which on a text has an input of several lines."""
KINDS: dict[object, str] = {
    datetime: "datetime-local", AwareDatetime: "datetime-local", date: "date", int: "number", bool: "checkbox",
}  # fmt: skip


@runtime_checkable
class Choices(Protocol):
    """A marker in `Annotated[str, ...]` for a field that is chosen from a list."""

    def options(self) -> Sequence[tuple[str, str]]: ...


@dataclass(frozen=True, slots=True)
class FormField:
    """A field as a page shows it. `kind` is an input's type, `textarea` or `select`; `nullable` is cleared if blank.

    `clearable` says that what was chosen may be taken out again.
    """

    name: str
    label: str
    hint: str
    kind: str
    required: bool
    nullable: bool
    clearable: bool
    limit: int | None
    options: Callable[[], Sequence[tuple[str, str]]] | None
    enter: str

    def what_to_do(self, error: Mapping[str, Any]) -> str:
        """The error in words that say what to do (GOV.UK Design System)."""
        label, cause = _(self.label), error["ctx"].get("error") if error["type"] == "value_error" else None
        if error["type"] == "string_too_long":
            said = {"label": label, "limit": f"{error['ctx']['max_length']:,}"}
            return _("%(label)s must be %(limit)s characters or fewer") % said
        if isinstance(cause, NotPlain):
            return _(CANNOT_BE_READ)
        if cause and error.get("input") not in (None, ""):
            return _(str(cause))
        if self.enter:
            return _(self.enter)
        told = _("Select %(label)s") if self.options else _("Enter %(label)s")
        return told % {"label": label[:1].lower() + label[1:]}


class Invalid(ValueError):
    """The form has errors, by the name of the field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


@cache
def fields_of(model: type[BaseModel]) -> tuple[FormField, ...]:
    """The fields of the model's form, in its order."""
    return tuple(_field(name, info) for name, info in model.model_fields.items())


def read(model: type[M], typed: Mapping[str, str]) -> M:
    """The model from what was typed: empty fields are absent, a time without a zone is in UTC. Raises `Invalid`."""
    fields = {field.name: field for field in fields_of(model)}
    given: dict[str, object] = {}
    for name, field in fields.items():
        text = typed.get(name, "").replace("\r\n", "\n").strip()
        if text:
            given[name] = _in_utc(text) if field.kind == "datetime-local" else text
        elif field.nullable:
            given[name] = None
    try:
        return model.model_validate(given)
    except ValidationError as invalid:
        errors: dict[str, str] = {}
        for error in invalid.errors():
            name = str(error["loc"][0]) if error["loc"] else ""
            errors.setdefault(name, fields[name].what_to_do(error) if name in fields else str(error["msg"]))
        raise Invalid(errors) from None


def _in_utc(text: str) -> object:
    with suppress(ValueError):
        instant = datetime.fromisoformat(text)
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return text


def _field(name: str, info: FieldInfo) -> FormField:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    annotation, marks = _inner(info)
    nullable = type(None) in get_args(info.annotation)
    choices = next((mark for mark in marks if isinstance(mark, Choices)), None)
    limit = next((mark.max_length for mark in marks if getattr(mark, "max_length", None)), None)
    kind = KINDS.get(annotation, "text")
    if choices:
        kind = str(extra.get("kind", "select"))
    elif limit and limit > LONG:
        kind = "textarea"
    return FormField(
        name, info.title or name.replace("_", " ").capitalize(), str(extra.get("hint", "")), kind,
        required=info.is_required() and not nullable, nullable=info.is_required() and nullable, clearable=nullable,
        limit=limit, options=choices.options if choices else None, enter=str(extra.get("enter", "")),
    )  # fmt: skip


def _inner(info: FieldInfo) -> tuple[object, list[Any]]:
    """The type without `| None`, and all that is said of it."""
    annotation, marks = not_none(info.annotation), list(info.metadata)
    while get_args(annotation) and hasattr(annotation, "__metadata__"):
        for mark in annotation.__metadata__:
            marks += mark.metadata if isinstance(mark, FieldInfo) else [mark]
        annotation = get_args(annotation)[0]
    return annotation, marks


def not_none(annotation: Any) -> Any:
    """The type without `| None`."""
    if get_origin(annotation) in (Union, types.UnionType):
        return next(one for one in get_args(annotation) if one is not type(None))
    return annotation
