"""Cursor paging: `page[size]`, `page[after]` and `page[before]`, and the envelope that lists are answered in."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Depends, Query
from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, ValidationError

from shared.problems import Unprocessable
from shared.text import askable

LARGEST = 200
Plain = Annotated[str, AfterValidator(askable)]
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Paging:
    """The part of a list that is asked for: so many rows after a cursor, or before one."""

    size: int
    after: str | None = None
    before: str | None = None


async def _asked(
    size: Annotated[int, Query(alias="page[size]", ge=1, le=LARGEST)] = 50,
    after: Annotated[str | None, Query(alias="page[after]", max_length=500)] = None,
    before: Annotated[str | None, Query(alias="page[before]", max_length=500)] = None,
) -> Paging:
    if after and before:
        raise Unprocessable("Ask for page[after] or for page[before], not for both.")
    return Paging(size, after or None, before or None)


Page = Annotated[Paging, Depends(_asked)]


class Meta(BaseModel):
    has_more: bool
    after_cursor: str | None = Field(description="For `page[after]`; null on the last page.")


class Links(BaseModel):
    next: str | None = Field(description="The whole address of the next page; null on the last page.")
    prev: str | None = Field(description="The whole address of the page before; null on the first page.")


class Envelope(BaseModel, Generic[R]):
    """One page of a list."""

    data: list[R]
    meta: Meta
    links: Links


def decoded(given: str, kinds: Sequence[Any]) -> tuple[Any, ...]:
    """The values of a cursor of ours; `Unprocessable` for any other text."""
    try:
        values = _reader(list[Any]).validate_json(urlsafe_b64decode(given))
        return tuple(_reader(kind).validate_python(value) for kind, value in zip(kinds, values, strict=True))
    except (ValueError, ValidationError):
        raise Unprocessable("page[after] or page[before] is not a cursor of this list. Start without it.") from None


@cache
def _reader(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(Plain if kind is str else kind)


def encoded(values: Sequence[Any]) -> str:
    """A cursor for these values."""
    return urlsafe_b64encode(orjson.dumps(list(values))).decode()
