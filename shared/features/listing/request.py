"""The parameters of a list's address: described in the API's description, read and refused in sentences."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from inspect import Parameter, Signature
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from shared.features.listing.declaration import Filter, Listing
from shared.http.periods import beginning, end
from shared.problems import Unprocessable
from shared.text import askable

LONGEST = 300
READ_AS: dict[str, tuple[str, str, Callable[[str], Any]]] = {
    "id": (
        "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        "an id like 0f0c9d7e-52c4-4b0a-9d2e-6a1f3b8c7d5e",
        UUID,
    ),
    "number": ("[0-9]{1,9}", "a whole number", int),
}
"""Kinds of filters with the pattern of a value, what it is like, and its type."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A list as it is narrowed: the value of each filter that is given, a tab and a sort, each empty for none.

    `given` is what the address said, by parameter.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    tab: str = ""
    sort: str = ""
    given: Mapping[str, str] = field(default_factory=dict)

    def on(self, tab: str) -> "Asked":
        return replace(self, tab=tab)

    def having(self, **values: Any) -> "Asked":
        given = {name: str(value) for name, value in values.items()}
        return replace(self, values={**self.values, **values}, given={**self.given, **given})


def asked(listing: Listing[Any], *, sort: bool = True) -> Callable[..., Any]:
    """The dependency that reads them; an empty parameter asks for nothing, as an empty field of a form does."""
    described = {one.name: (one.description, _schema(one)) for one in listing.filters}
    if listing.tabs:
        described[listing.tab] = ("One of the list's views.", _enum(_tabs(listing)))
    if sort:
        described["sort"] = (f"A minus turns it round; `{listing.sort}` without one.", _enum(_sorts(listing)))

    async def read(**given: str) -> Asked:
        return asked_of(listing, {name: given[f"{name}_"].strip() for name in described})  # `from` is none of Python's

    read.__signature__ = Signature(  # type: ignore[attr-defined]
        [
            Parameter(f"{name}_", Parameter.KEYWORD_ONLY, default="", annotation=Annotated[str, Query(
                alias=name, description=text, json_schema_extra={"maxLength": LONGEST} | schema
            )])
            for name, (text, schema) in described.items()
        ]
    )  # fmt: skip
    return read


def asked_of(listing: Listing[Any], given: Mapping[str, str]) -> Asked:
    given = {name: text for name, text in given.items() if text}
    values = {one.name: _value(one, given[one.name]) for one in listing.filters if one.name in given}
    if "from" in values and "to" in values and beginning("to", given["to"]) < values["from"]:
        raise Unprocessable("The period ends before it begins. Its end must be the same as or after its beginning.")
    tab, sort = given.get(listing.tab, listing.default), given.get("sort", "")
    if listing.tab in given:
        _one_of(listing.tab, tab, _tabs(listing))
    if sort:
        _one_of("sort", sort, _sorts(listing))
    return Asked(values, tab, sort, given)


def order_of(listing: Listing[Any], asked: Asked) -> str:
    """The order that is asked for, else the one in which such a list is worked."""
    tab = listing.tab_of(asked.tab)
    return asked.sort or (tab.sort if tab else "") or listing.sort


def _enum(values: Iterable[str]) -> dict[str, Any]:
    return {"enum": ["", *(value for value in values if value)]}


def _schema(one: Filter) -> dict[str, Any]:
    if one.kind in ("code", "flag"):
        return _enum(one.options or ["true"])
    pattern = READ_AS[one.kind][0] if one.kind in READ_AS else one.pattern
    return {"pattern": f"^({pattern})?$"} if pattern else {}


def _value(one: Filter, text: str) -> Any:
    if len(text) > LONGEST:
        raise Unprocessable(f"{one.name} must be {LONGEST} characters or fewer.")
    match one.kind:
        case "from":
            return beginning(one.name, text)
        case "to":
            return end(one.name, text)
        case "code" | "flag":
            return _one_of(one.name, text, one.options or ["true"])
    pattern, like, read = READ_AS.get(one.kind, (one.pattern, f"like this: {one.description.rstrip('.')}", askable))
    if pattern and not re.fullmatch(pattern, text):
        raise Unprocessable(f"{one.name} must be {like}.")
    try:
        return read(text)
    except ValueError as error:
        raise Unprocessable(f"{one.name}: {error}.") from None


def _one_of(name: str, text: str, known: Iterable[str]) -> str:
    if text not in known:
        raise Unprocessable(f"{name} must be one of: {', '.join(one for one in known if one)}.")
    return text


def _tabs(listing: Listing[Any]) -> list[str]:
    return [tab.name for tab in listing.tabs]


def _sorts(listing: Listing[Any]) -> list[str]:
    return [sign + name for name in listing.sorts for sign in ("", "-")]
