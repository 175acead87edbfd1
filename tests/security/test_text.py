"""What no character is reaches no event: in the body of any request, at its field."""

from collections.abc import Iterator
from typing import Annotated, Any, get_args

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from services.intake.importing.http import Rows
from services.reporting.audit.http import GrowthAsked
from tests.security.routes import applications

CHECKED_ELSEWHERE = {
    (Rows, "header"): "titles of columns are looked up and not kept",
    (Rows, "rows"): "a row is refused by itself, with its line, and the rest is taken in",
    (GrowthAsked, "old"): "a checkpoint of ours is parsed and not kept",
    (GrowthAsked, "new"): "a checkpoint of ours is parsed and not kept",
}


def bodies() -> set[type[BaseModel]]:
    """Every model that a route reads from a body, with those inside of it."""
    found: set[type[BaseModel]] = set()
    for app in applications().values():
        for route in (context.original_route for context in iter_route_contexts(app.routes)):
            if isinstance(route, APIRoute) and route.body_field is not None:
                found |= set(_models(route.body_field.field_info.annotation))
    return found


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for field in kind.model_fields.values():
            yield from _models(field.annotation)
    for inner in get_args(kind):
        yield from _models(inner)


FIELDS = sorted(
    ((model, name) for model in bodies() for name in model.model_fields if (model, name) not in CHECKED_ELSEWHERE),
    key=lambda one: (one[0].__name__, one[1]),
)


def accepts(field: FieldInfo, value: Any) -> bool:
    kind: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


def test_the_models_are_found() -> None:
    assert {model.__name__ for model in bodies()} >= {
        "MakeComplaint",
        "Complainant",
        "CaptureMention",
        "AddNote",
        "HoldPerson",
    }
    assert accepts(FieldInfo.from_annotation(str), "a\ufffeb")


@pytest.mark.parametrize(("model", "name"), FIELDS, ids=lambda one: getattr(one, "__name__", one))
@pytest.mark.parametrize("character", ["\ufffe", "\uffff", "\ufdd0", "\U0001fffe", "\U0010ffff"])
def test_no_field_takes_what_is_no_character(model: type[BaseModel], name: str, character: str) -> None:
    for text in (f"a{character}b", f"https://example.org/{character}", f"a{character}b@example.org"):
        assert not accepts(model.model_fields[name], text)
        assert not accepts(model.model_fields[name], [text])
