"""Which cases does somebody ask for, and in which order: filters, search and keyset paging over the caseload.

Every tab and every order has an index of its own in `caseload.py`; the conditions are written as those indexes are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from services.cases.caseload.view import NAME
from shared.text import reference_in

TABS = {
    "all": "true",
    "open": "c.closed_at is null",
    "mine": "c.closed_at is null and c.owners ? %(me)s",
    "unassigned": "c.closed_at is null and c.owner is null",
    "red": "c.closed_at is null and (c.heat = 'red' or c.alert is not null) and c.heat = 'red'",
    "alerts": "c.closed_at is null and (c.heat = 'red' or c.alert is not null) and c.alert is not null",
    "late": "c.closed_at is null and c.due_at < %(now)s",
    "closed": "c.closed_at is not null",
}
FILTERS = {
    "priority": "c.priority = %(priority)s",
    "owner": "c.owners ? %(owner)s",
    "product": "c.product = %(product)s",
    "issue": "c.issue = %(issue)s",
    "heat": "c.heat = %(heat)s",
    "channel": "c.channel = %(channel)s",
    "organisation": "c.organisation = %(organisation)s",
    "person": "c.person_id = %(person)s",
    "since": "c.received_at >= %(since)s",
    "until": "c.received_at < %(until)s",
}
OF_ASPECTS = {"outcome": "a.outcome = %(outcome)s", "cause": "a.root_cause = %(cause)s"}
SORTS: dict[str, tuple[tuple[str, Any], ...]] = {
    "priority": (("(-c.urgency)", int), ("c.due_at", datetime), ("c.case_id", UUID)),
    "due": (("c.due_at", datetime), ("c.case_id", UUID)),
    "received": (("c.received_at", datetime), ("c.case_id", UUID)),
    "sentiment": (("coalesce(c.score, 2)", float), ("c.case_id", UUID)),
    "closed": (("c.closed_at", datetime), ("c.case_id", UUID)),
}
"""Ascending: urgent, overdue, oldest, angriest first. A minus before the name turns it round."""
FOUND = """c.case_id in (select case_id from case_words where found_by @@ websearch_to_tsquery('english', %(q)s)
 or reference = %(reference)s or person_id = any(%(people)s))"""
SHOWN = """c.case_id, c.version, c.reference, c.person_id, p.name as person_name, c.organisation, c.region, c.channel,
 c.product, c.issue, left(w.narrative, 200) as excerpt, c.priority, c.status, c.owner, c.open_aspects, c.total_aspects,
 c.score, c.heat, c.alert, c.received_at, c.due_at, c.closed_at, c.invented"""
MOST = 1000
JOINED = "left join complainants p using (person_id) left join case_words w using (case_id)"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; None asks for anything."""

    tab: str = "all"
    status: str | None = None
    priority: str | None = None
    owner: str | None = None
    product: str | None = None
    issue: str | None = None
    heat: str | None = None
    channel: str | None = None
    organisation: str | None = None
    person: UUID | None = None
    outcome: str | None = None
    cause: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    q: str | None = None


async def read(
    conn: Any, wanted: Wanted, sort: str, after: Sequence[Any] | None, size: int, *, me: str, now: datetime
) -> list[dict[str, Any]]:
    """`size` rows after the cursor, which holds the values of `keys(sort)`."""
    given: dict[str, Any] = {name: getattr(wanted, name) for name in Wanted.__dataclass_fields__}
    given |= {"me": me, "now": now, "size": size}
    conditions = ["c.reference is not null", TABS[wanted.tab]]
    conditions += [sql for name, sql in FILTERS.items() if given[name] is not None]
    if wanted.status is not None:
        conditions.append("c.status = %(status)s and " + TABS["closed" if wanted.status == "closed" else "open"])
    if sort.removeprefix("-") == "closed":
        conditions.append(TABS["closed"])
    if decided := [sql for name, sql in OF_ASPECTS.items() if given[name] is not None]:
        conditions.append(f"c.case_id in (select a.case_id from aspects a where {' and '.join(decided)})")
    if wanted.q:
        conditions.append(FOUND)
        given |= {"reference": reference_in(wanted.q), "people": await _people(conn, wanted.q)}
    order, beyond = _order(sort)
    if after is not None:
        conditions.append(beyond)
        given |= {f"after{at}": value for at, value in enumerate(after)}
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            f"select {SHOWN} from (select * from caseload c where {' and '.join(conditions)} order by {order}"
            f" limit %(size)s) c {JOINED} order by {order}",
            given,
        )
        return list(await cursor.fetchall())


async def one(conn: Any, case_id: UUID) -> dict[str, Any] | None:
    """One case with all that its page shows beside aspects and timeline."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            f"select {SHOWN}, c.state, w.narrative, p.email, p.phone, p.needs,"
            f" p.preferred_channel, p.erased_at from caseload c {JOINED}"
            " where c.case_id = %s and c.reference is not null",
            [case_id],
        )
        row: dict[str, Any] | None = await cursor.fetchone()
        return row


async def counts(conn: Any, me: str, now: datetime) -> dict[str, int]:
    """How many are in each tab, counted no further than `MOST`, so that it stays quick."""
    tabs = [tab for tab in TABS if tab not in ("all", "closed")]
    selects = [
        f"(select count(*) from (select 1 from caseload c where c.reference is not null and {TABS[tab]}"
        " limit %(most)s) x)"
        for tab in tabs
    ]
    late = f"(select count(*) from caseload c where {TABS['mine']} and c.due_at < %(now)s)"
    found = await conn.execute(f"select {', '.join([*selects, late])}", {"me": me, "now": now, "most": MOST})
    row = await found.fetchone()
    return dict(zip([*tabs, "my_late"], row, strict=True))


def keys(sort: str) -> tuple[Any, ...]:
    """The kinds of the values in a cursor of this order."""
    return tuple(kind for _, kind in SORTS[sort.removeprefix("-")])


def key_of(sort: str, row: dict[str, Any]) -> tuple[Any, ...]:
    """A row's place in this order."""
    match sort.removeprefix("-"):
        case "priority":
            urgency = ("low", "normal", "high", "urgent").index(row["priority"])
            return (-urgency, row["due_at"], row["case_id"])
        case "sentiment":
            return (2.0 if row["score"] is None else row["score"], row["case_id"])
        case name:
            return (row[f"{name}_at"], row["case_id"])


def _order(sort: str) -> tuple[str, str]:
    columns = [sql for sql, _ in SORTS[sort.removeprefix("-")]]
    down = " desc" if sort.startswith("-") else ""
    places = ", ".join(f"%(after{at})s" for at in range(len(columns)))
    return ", ".join(c + down for c in columns), f"({', '.join(columns)}) {'<' if down else '>'} ({places})"


async def _people(conn: Any, q: str) -> list[UUID]:
    """Whose name has every word of it, or begins with it; the first of very many."""
    typed = " & ".join(f"'{word}':*" for word in re.findall(r"[^\W_]+", q)[:8])
    if not typed:
        return []
    found = await conn.execute(
        f"select person_id from complainants where {NAME} @@ to_tsquery('simple', %s) limit 500", [typed]
    )
    return [row[0] for row in await found.fetchall()]
