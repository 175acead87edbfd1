"""The routes of a declared list: JSON for programs, a file to download; and what its page shows."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response, StreamingResponse

from shared.features.listing import queries, sheet
from shared.features.listing.declaration import Column, Filter, Listing, Tab
from shared.features.listing.request import Asked, asked, order_of
from shared.http.paging import Envelope, Page, Paging
from shared.http.requests import AtLeast, allow, asker
from shared.service.runtime import running

FILES = asyncio.Semaphore(3)
"""Files that may be sent at once. Each holds a connection for as long as its reader takes, and pages need some too."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A list as its page shows it."""

    listing: Listing[Any]
    asked: Asked
    sort: str
    rows: list[queries.Row]
    before: str | None
    after: str | None
    page: Paging

    @property
    def later(self) -> bool:
        """Rows came before these."""
        return (self.page.after or self.page.before) is not None

    @property
    def most(self) -> int:
        """Counts of tabs go no further."""
        return queries.MOST

    @property
    def columns(self) -> list[Column]:
        return [column for column in self.listing.columns if column.label]

    @property
    def tabs(self) -> list[Tab]:
        """All of the bar, and the one that is open."""
        return [tab for tab in self.listing.tabs if tab.shown or tab.name == self.asked.tab]

    @property
    def fields(self) -> list[Filter]:
        return [one for one in self.listing.filters if one.field]

    def options(self, name: str) -> list[tuple[str, str]]:
        """The codes of a filter with their labels."""
        return [item for one in self.listing.filters if one.name == name for item in one.options.items()]

    @property
    def hidden(self) -> dict[str, str]:
        """Parameters that a form of the fields carries on."""
        shown = {one.name for one in self.fields}
        return {name: text for name, text in self._given.items() if name not in shown}

    @property
    def chips(self) -> list[tuple[Filter, str]]:
        """Each filter that is given, with its value."""
        given = self.asked.given
        named = [one for one in self.listing.filters if one.label and one.name in given]
        return [(one, one.options.get(given[one.name], given[one.name])) for one in named]

    def address(self, path: str, **changes: str) -> str:
        """The same list elsewhere, as a file."""
        return f"{path}?{urlencode(self._given | changes)}"

    @property
    def _given(self) -> dict[str, str]:
        return {**self.asked.given, **({self.listing.tab: self.asked.tab} if self.asked.tab else {})}


async def show(
    listing: Listing[Any], request: Request, asked: Asked, page: Paging, at_least: str | None = None
) -> Shown:
    """One page of the list, once its view has seen `at_least`."""
    runtime = running(request)
    await runtime.positions.wait(listing.view, at_least)
    async with runtime.pool.connection() as conn:
        found = await queries.rows(conn, listing, asked, page, asker(request).id, runtime.clock.now())
    return Shown(listing, asked, order_of(listing, asked), found.rows, found.before, found.after, page)


def add_api(routes: APIRouter, listing: Listing[Any], path: str, description: str) -> None:
    """`GET path`, one page in an envelope."""

    @routes.get(
        path, name=f"list_{listing.name}", description=description, dependencies=[allow(listing.may)],
        response_model=Envelope[listing.row],  # type: ignore[name-defined]
    )  # fmt: skip
    async def answer(
        request: Request, asked: Annotated[Asked, Depends(asked(listing))], page: Page, at_least: AtLeast = None
    ) -> dict[str, Any]:
        found = await show(listing, request, asked, page, at_least)
        return {
            "data": found.rows, "meta": {"has_more": found.after is not None, "after_cursor": found.after},
            "links": {"next": _link(request, "after", found.after), "prev": _link(request, "before", found.before)},
        }  # fmt: skip


def add_one(routes: APIRouter, listing: Listing[Any], path: str, description: str) -> None:
    """`GET path/{id}`, the row with this id."""
    column, kind = listing.id
    name = column.rpartition(".")[2]

    @routes.get(
        f"{path}/{{{name}}}", name=f"read_{listing.name}", description=description, dependencies=[allow(listing.may)],
        response_model=listing.row,
    )  # fmt: skip
    async def answer(
        request: Request, id_: Annotated[kind, Path(alias=name)], at_least: AtLeast = None  # type: ignore[valid-type]
    ) -> queries.Row:  # fmt: skip
        await running(request).positions.wait(listing.view, at_least)
        async with running(request).pool.connection() as conn:
            return await queries.one(conn, listing, id_)


def _link(request: Request, side: str, cursor: str | None) -> str | None:
    """At the address that the operator has set: whoever asks may name any other in `Host`."""
    if cursor is None:
        return None
    kept = [
        (name, text) for name, text in request.query_params.multi_items() if name not in ("page[after]", "page[before]")
    ]
    return f"{running(request).settings.url}{request.url.path}?{urlencode([*kept, (f'page[{side}]', cursor)])}"


def add_download(routes: APIRouter, listing: Listing[Any], path: str) -> None:
    """`GET path`, the whole list as a file of comma-separated values."""

    @routes.get(path, dependencies=[allow(listing.may)], include_in_schema=False)
    async def file(request: Request, asked: Annotated[Asked, Depends(asked(listing))]) -> Response:
        return csv_file(listing, request, asked, path.rpartition("/")[2])


def csv_file(listing: Listing[Any], request: Request, asked: Asked, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    names = [column.name for column in listing.columns if column.csv]
    lines = sheet.lines(names, _every(listing, request, asked))
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


async def _every(listing: Listing[Any], request: Request, asked: Asked) -> AsyncIterator[queries.Row]:
    runtime = running(request)
    async with FILES, runtime.pool.connection() as conn, conn.transaction():
        async for row in queries.every(conn, listing, asked, asker(request).id, runtime.clock.now()):
            yield row
