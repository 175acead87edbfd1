"""Cursor paging: `page[size]`, `page[after]`, and links that keep the rest of the query."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import Depends, Query, Request
from pydantic import AfterValidator, TypeAdapter, ValidationError

from shared.problems import Unprocessable
from shared.text import askable

LARGEST = 200
Plain = Annotated[str, AfterValidator(askable)]


@dataclass(frozen=True, slots=True)
class Asked:
    size: int
    after: str | None


async def _asked(
    size: Annotated[int, Query(alias="page[size]", ge=1, le=LARGEST)] = 50,
    after: Annotated[str | None, Query(alias="page[after]", max_length=500)] = None,
) -> Asked:
    return Asked(size, after)


Page = Annotated[Asked, Depends(_asked)]


def cursor(after: str | None, *kinds: Any) -> tuple[Any, ...] | None:
    """What a cursor of ours holds; `Unprocessable` for any other text."""
    if after is None:
        return None
    try:
        values = TypeAdapter(list[Any]).validate_json(urlsafe_b64decode(after))
        adapters = [TypeAdapter(Plain if kind is str else kind) for kind in kinds]
        return tuple(adapter.validate_python(value) for adapter, value in zip(adapters, values, strict=True))
    except (ValueError, ValidationError):
        raise Unprocessable("page[after] is not a cursor of this list. Start without it.") from None


def encode(values: Sequence[Any]) -> str:
    """A cursor for these values."""
    return urlsafe_b64encode(orjson.dumps(list(values))).decode()


def links(request: Request, page: Asked, rows: list[Any], key: Callable[[Any], Sequence[Any]]) -> dict[str, Any]:
    """The page of `rows`, of which one more than was asked for was read."""
    more = len(rows) > page.size
    rows = rows[: page.size]
    after = encode(key(rows[-1])) if more else None
    following = str(request.url.include_query_params(**{"page[after]": after})) if after else None
    return {"data": rows, "meta": {"has_more": more, "after_cursor": after}, "links": {"next": following}}
