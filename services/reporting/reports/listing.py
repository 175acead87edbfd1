"""Figures from the view of counts: by dimension, filtered, as at any instant, and the complaints behind each figure.

A complaint is counted once, by its main aspect; an aspect is counted wherever it is.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, Field

from services.reporting.reports.view import counts
from shared.features.listing import Asked, Column, Filter, Listing, Sort, conditions, period

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
EQUALS = {name: f"coalesce({column}, '{NOTHING}') = %({name})s" for name, column in COLUMNS.items()}
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


class AspectRow(BaseModel):
    """One aspect of a complaint, with that complaint."""

    reference: Annotated[str, Column("Reference", "c.reference")]
    case_id: Annotated[UUID, Column(sql="c.case_id")]
    received_at: Annotated[datetime, Column("Received", "c.received_at", "day")]
    channel: Annotated[str | None, Column("Channel", "c.channel")]
    organisation: Annotated[str | None, Column(sql="c.organisation")]
    aspect_id: UUID
    main: Annotated[bool, Column("Aspect")]
    product: Annotated[str | None, Column("Product", kind="words")]
    sub_product: str | None
    issue: Annotated[str | None, Column("Issue", kind="words")]
    sub_issue: str | None
    outcome: Annotated[str | None, Column("Outcome")]
    redress: str | None
    amount: Annotated[Decimal | None, Column("Redress", kind="money")]
    currency: str | None
    root_cause: Annotated[str | None, Column("Root cause")]
    closed_at: Annotated[datetime | None, Column(sql="c.closed_at")]
    invented: Annotated[bool, Column(sql="c.invented")]


def _by(name: Dimension, **more: Any) -> Filter:
    return Filter(name, sql=EQUALS[name], **more)


BEHIND = Listing(
    "aspects", AspectRow, view=counts, may="reports.read", source="c join a using (case_id)", alias="a", preamble=NOW,
    sorts={
        "received": Sort(
            (("c.received_at", datetime), ("c.case_id", UUID), "aspect_id"), "btree (received_at desc, case_id desc)"
        )
    },
    sort="-received",
    filters=(
        *period("c.received_at", "Received"),
        _by("product", label="Product"), _by("channel", label="Channel"),
        _by("outcome", label="Outcome", description="`-` for those not decided yet."),
        _by("cause", label="Root cause", description="Root cause; `-` for those without one."),
        _by("month", label="Month", pattern=r"\d{4}-(0[1-9]|1[0-2])|-", description="Month of receipt, like 2026-03."),
        Filter("main", sql="a.main", kind="flag", description="Main aspects only: each complaint once."),
    ),
)  # fmt: skip
"""Known now; `BEHIND_THEN` is as it was known at the instant `%(as_at)s`."""
BEHIND_THEN = replace(BEHIND, preamble=THEN)


def behind(as_at: datetime | None) -> Listing[AspectRow]:
    """The aspects behind a figure with their complaints, the last received first."""
    return BEHIND if as_at is None else BEHIND_THEN


@dataclass(frozen=True, slots=True)
class Group:
    """One value of the dimension; None is where nothing was said yet."""

    value: Annotated[str | None, Field(description="Of the dimension; null where nothing was said yet.")]
    complaints: Annotated[int, Field(description="By their main aspect, each once.")]
    aspects: int


@dataclass(frozen=True, slots=True)
class Counts:
    """The groups, largest first (months in order), and the totals over all of them."""

    groups: tuple[Group, ...]
    total: Group


async def counts_by(conn: Any, dimension: Dimension, asked: Asked, as_at: datetime | None = None) -> Counts:
    """Complaints and aspects by one dimension, as they were known at an instant, or now."""
    column, listing = COLUMNS[dimension], behind(as_at)
    order = "value" if dimension == "month" else "complaints desc, aspects desc, value"
    found = await conn.execute(
        f"{listing.preamble} select {column} as value, count(*) filter (where a.main) as complaints,"
        f" count(*) as aspects from {listing.source} where {conditions(listing, asked)}"
        f" group by grouping sets (({column}), ()) order by grouping({column}) desc, {order} limit {MOST_GROUPS + 1}",
        {**asked.values, "as_at": as_at},
    )
    total, *groups = [Group(*row) for row in await found.fetchall()]
    return Counts(tuple(groups), total)


async def choices(conn: Any) -> dict[str, list[str]]:
    """Values that can be filtered by, as far as they occur."""
    found = await conn.execute(
        "select 'product', product from aspect_now union select 'outcome', outcome from aspect_now"
        " union select 'cause', root_cause from aspect_now union select 'channel', channel from case_now"
        " order by 1, 2 limit 1000"
    )
    offered: dict[str, list[str]] = {"product": [], "channel": [], "outcome": [], "cause": []}
    for name, value in await found.fetchall():
        offered[name] += [value] if value is not None else []
    return offered
