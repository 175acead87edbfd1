"""The SQL of a list: keyset pages in every order, and counts of its tabs."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import dict_row

from shared.features.listing.declaration import Listing, Sort
from shared.features.listing.request import Asked, order_of
from shared.http.paging import Paging, decoded, encoded
from shared.problems import NotFound

MOST = 1000
"""Rows of a tab that are counted: beyond, the number says nothing to whoever works on them."""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """One page, with the cursors of the pages before and after it where there are any."""

    rows: list[Row]
    before: str | None = None
    after: str | None = None


async def rows(conn: Any, listing: Listing[Any], asked: Asked, page: Paging, me: str, now: datetime) -> Rows:
    """The page after or before the cursor. Its values are those of the sort expressions, read with the rows."""
    order = order_of(listing, asked)
    sort = listing.sorts[order.removeprefix("-")]
    backwards, cursor = page.before is not None, page.before or page.after
    down = order.startswith("-") is not backwards
    kinds = [kind for _, kind in listing.keys(sort)]
    place = dict(zip(sort.names, decoded(cursor, kinds), strict=True)) if cursor else {}
    found = await _read(
        conn, statement(listing, asked, sort, down, beyond=cursor is not None),
        {**await _values(conn, listing, asked), **place, "me": me, "now": now, "size": page.size + 1},
    )  # fmt: skip
    more, found = len(found) > page.size, found[: page.size]
    if backwards:
        found.reverse()
    places = [[row.pop(name) for name in sort.names] for row in found]
    return Rows(
        found,
        before=encoded(places[0]) if found and (more if backwards else cursor) else None,
        after=encoded(places[-1]) if found and (more or backwards) else None,
    )


async def every(conn: Any, listing: Listing[Any], asked: Asked, me: str, now: datetime) -> AsyncIterator[Row]:
    """All rows in order, a thousand at a time, in the caller's transaction."""
    order = order_of(listing, asked)
    sql = statement(listing, asked, listing.sorts[order.removeprefix("-")], order.startswith("-"), beyond=False)
    async with conn.cursor(name="every", row_factory=dict_row) as cursor:
        cursor.itersize = 1000
        await cursor.execute(sql, {**await _values(conn, listing, asked), "me": me, "now": now, "size": None})
        async for row in cursor:
            yield row


def statement(listing: Listing[Any], asked: Asked, sort: Sort, down: bool, *, beyond: bool) -> str:
    """`size` rows, all where that is null; what only adds to rows is joined to those alone."""
    expressions = [sql for sql, _ in listing.keys(sort)]
    keys = ", ".join(f"{sql} as {name}" for sql, name in zip(expressions, sort.names, strict=True))
    order = ", ".join(f"{name}{' desc' if down else ''}" for name in sort.names)
    place = f"({', '.join(expressions)}) {'<' if down else '>'} ({', '.join(f'%({name})s' for name in sort.names)})"
    found = (
        f"from {listing.source} where {conditions(listing, asked, sort.where, place if beyond else '')}"
        f" order by {order} limit %(size)s"
    )
    if not listing.joined:
        return f"{listing.preamble} select {listing.select}, {keys} {found}"
    names = ", ".join(sort.names)
    return (
        f"{listing.preamble} select {listing.select}, {names} from (select {listing.alias}.*, {keys} {found})"
        f" {listing.alias} {listing.joined} order by {order}"
    )


def conditions(listing: Listing[Any], asked: Asked, *more: str) -> str:
    """Conditions for visible rows, for the tab and for each filter that is given."""
    within: dict[str, list[str]] = {}
    for one in listing.filters:
        if one.name in asked.values:
            within.setdefault(one.within, []).append(one.sql or f"{listing.alias}.{one.name} = %({one.name})s")
    given = [outer.replace("{}", " and ".join(inner)) for outer, inner in within.items()]
    tab = listing.tab_of(asked.tab)
    return " and ".join(one for one in (listing.real, tab.sql if tab else "", *given, *more) if one)


async def one(conn: Any, listing: Listing[Any], id_: Any, more: str = "") -> Row:
    """The row with this id, with the columns of the list and `more`; raises `NotFound`."""
    found = await _read(
        conn, f"select {listing.select}{more} from {listing.source} {listing.joined}"
        f" where {listing.real} and {listing.id[0]} = %s", [id_],
    )  # fmt: skip
    if not found:
        raise NotFound(listing.missing)
    return found[0]


async def counts(
    conn: Any, listing: Listing[Any], me: str, now: datetime, asked: Asked | None = None
) -> dict[str, int]:
    """Count the rows of each tab under the filters, up to `MOST` so that it stays quick."""
    asked = asked or Asked()
    tabs = [tab.name for tab in listing.tabs if tab.counted]
    each = [f"(select count(*) from (select from {listing.source} where {conditions(listing, asked.on(tab))}"
            " limit %(most)s) x)" for tab in tabs]  # fmt: skip
    values = {**await _values(conn, listing, asked), "me": me, "now": now, "most": MOST}
    found = await conn.execute(f"{listing.preamble} select {', '.join(each)}", values)
    return dict(zip(tabs, await found.fetchone(), strict=True))


async def _values(conn: Any, listing: Listing[Any], asked: Asked) -> Mapping[str, Any]:
    values = dict(asked.values)
    for one in listing.filters:
        if one.more and one.name in asked.values:
            values |= await one.more(conn, asked.values[one.name])
    return values


async def _read(conn: Any, sql: str, values: Any) -> list[Row]:
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql, values)
        found: list[Row] = await cursor.fetchall()
        return found
