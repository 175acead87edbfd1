"""Figures from the view of counts: by dimension, filtered, as at any instant, and the complaints behind each figure.

A complaint is counted once, by its main aspect; an aspect is counted wherever it is.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any, Literal, get_args
from uuid import UUID

from psycopg.rows import dict_row

Dimension = Literal["product", "channel", "outcome", "cause", "month"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
NOTHING = "-"
"""In a filter: those about which nothing was said yet."""
MOST_GROUPS = 500

COLUMNS: dict[str, str] = {
    "product": "a.product",
    "channel": "c.channel",
    "outcome": "a.outcome",
    "cause": "a.root_cause",
    "month": "to_char(c.received_at at time zone 'UTC', 'YYYY-MM')",
}
NOW = """
with c as (select * from case_now where reference is not null),
a as (select * from aspect_now where case_id is not null)
"""
THEN = """
with told as (select * from changes where recorded_at <= %(as_at)s),
ends as (
  select distinct on (case_id) case_id, kind, recorded_at from told where kind in ('closed', 'reopened')
  order by case_id, version desc
),
c as (
  select o.case_id, o.reference, o.channel, o.received_at, o.organisation, o.invented,
    case when e.kind = 'closed' then e.recorded_at end as closed_at
  from told o left join ends e using (case_id) where o.kind = 'opened'
),
about as (
  select distinct on (aspect_id) aspect_id, case_id, product, sub_product, issue, sub_issue
  from told where kind in ('raised', 'classified') order by aspect_id, version desc
),
decided as (
  select distinct on (aspect_id) aspect_id, outcome, redress, amount, currency, root_cause
  from told where kind = 'resolved' order by aspect_id, version desc
),
a as (
  select r.aspect_id, r.main, about.case_id, about.product, about.sub_product, about.issue, about.sub_issue,
    d.outcome, d.redress, d.amount, d.currency, d.root_cause
  from told r join about using (aspect_id) left join decided d using (aspect_id) where r.kind = 'raised'
)
"""
"""The same relations as `NOW`, folded from the steps that were recorded by then: within a case by version."""

FILTERS = """
from c join a using (case_id) where
(%(first)s::date is null or c.received_at >= %(first)s::date::timestamp at time zone 'UTC')
and (%(last)s::date is null or c.received_at < (%(last)s::date + 1)::timestamp at time zone 'UTC')
and (%(product)s::text is null or coalesce(a.product, '-') = %(product)s)
and (%(channel)s::text is null or coalesce(c.channel, '-') = %(channel)s)
and (%(outcome)s::text is null or coalesce(a.outcome, '-') = %(outcome)s)
and (%(cause)s::text is null or coalesce(a.root_cause, '-') = %(cause)s)
and (%(main)s::boolean is null or a.main = %(main)s)
and (%(month)s::text is null or to_char(c.received_at at time zone 'UTC', 'YYYY-MM') = %(month)s)
"""
BEHIND = """
select c.case_id, c.reference, c.received_at, c.channel, c.organisation, a.aspect_id, a.main, a.product, a.sub_product,
  a.issue, a.sub_issue, a.outcome, a.redress, a.amount, a.currency, a.root_cause, c.closed_at, c.invented
"""


SHEET = (
    "reference", "case_id", "received_at", "channel", "organisation", "aspect_id", "main", "product", "sub_product",
    "issue", "sub_issue", "outcome", "redress", "amount", "currency", "root_cause", "closed_at", "invented",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filters:
    """Which complaints: received between two days (both included, UTC), and what they are about."""

    first: date | None = None
    last: date | None = None
    product: str | None = None
    channel: str | None = None
    outcome: str | None = None
    cause: str | None = None
    month: str | None = None
    main: bool | None = None

    def values(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, slots=True)
class Group:
    """One value of the dimension; None is where nothing was said yet."""

    value: str | None
    complaints: int
    aspects: int


@dataclass(frozen=True, slots=True)
class Counts:
    """The groups, largest first (months in order), and the totals over all of them."""

    groups: tuple[Group, ...] = ()
    total: Group = field(default_factory=lambda: Group(None, 0, 0))


async def counts_by(conn: Any, dimension: Dimension, filters: Filters, as_at: datetime | None = None) -> Counts:
    """Complaints and aspects by one dimension, as they were known at an instant, or now."""
    order = "value" if dimension == "month" else "complaints desc, aspects desc, value"
    found = await conn.execute(
        f"{_relations(as_at)} select {COLUMNS[dimension]} as value, count(*) filter (where a.main) as complaints,"
        f" count(*) as aspects, grouping({COLUMNS[dimension]}) as total {FILTERS}"
        f" group by grouping sets (({COLUMNS[dimension]}), ()) order by total desc, {order} limit {MOST_GROUPS + 1}",
        _parameters(filters, as_at),
    )
    rows = await found.fetchall()
    groups = tuple(Group(value, complaints, aspects) for value, complaints, aspects, total in rows if not total)
    return Counts(groups, next((Group(None, row[1], row[2]) for row in rows if row[3]), Group(None, 0, 0)))


async def behind(
    conn: Any, filters: Filters, as_at: datetime | None, after: tuple[datetime, UUID, UUID] | None, limit: int
) -> list[dict[str, Any]]:
    """The aspects behind a figure with their complaints, the last received first."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            f"{_relations(as_at)} {BEHIND} {FILTERS} and (%(at)s::timestamptz is null or"
            " (c.received_at, c.case_id, a.aspect_id) < (%(at)s, %(case)s, %(aspect)s))"
            " order by c.received_at desc, c.case_id desc, a.aspect_id desc limit %(limit)s",
            {**_parameters(filters, as_at), "limit": limit, **_place(after)},
        )
        rows: list[dict[str, Any]] = await cursor.fetchall()
        return rows


async def every(conn: Any, filters: Filters, as_at: datetime | None) -> AsyncIterator[dict[str, Any]]:
    """All of them in the same order, a thousand at a time, in the caller's transaction."""
    async with conn.cursor(name="behind", row_factory=dict_row) as cursor:
        cursor.itersize = 1000
        await cursor.execute(
            f"{_relations(as_at)} {BEHIND} {FILTERS} order by c.received_at desc, c.case_id desc, a.aspect_id desc",
            _parameters(filters, as_at),
        )
        async for row in cursor:
            yield row


async def choices(conn: Any) -> dict[str, list[str]]:
    """What can be filtered by, as far as it occurs."""
    found = await conn.execute(
        "select 'product', product from aspect_now union select 'outcome', outcome from aspect_now"
        " union select 'cause', root_cause from aspect_now union select 'channel', channel from case_now"
        " order by 1, 2 limit 1000"
    )
    offered: dict[str, list[str]] = {"product": [], "channel": [], "outcome": [], "cause": []}
    for name, value in await found.fetchall():
        if value is not None:
            offered[name].append(value)
    return offered


def _relations(as_at: datetime | None) -> str:
    return NOW if as_at is None else THEN


def _parameters(filters: Filters, as_at: datetime | None) -> Mapping[str, Any]:
    return {**filters.values(), "as_at": as_at}


def _place(after: tuple[datetime, UUID, UUID] | None) -> Mapping[str, Any]:
    at, case, aspect = after or (None, None, None)
    return {"at": at, "case": case, "aspect": aspect}
