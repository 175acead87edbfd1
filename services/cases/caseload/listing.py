"""The list of cases. Conditions and orders are written as the indexes of the view are that serve them."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.cases.caseload.view import NAME, caseload
from shared.features.codes import PRIORITIES
from shared.features.listing import Column, Filter, Listing, Sort, Tab, one, period
from shared.text import reference_in


class CaseSummary(BaseModel):
    """A case as a list shows it. Personal fields are null once the person is erased."""

    reference: Annotated[str, Column("Reference")]
    case_id: UUID
    version: int
    person_id: UUID
    person_name: Annotated[str | None, Column("Person", "p.name")]
    support_needs: Annotated[bool, Column(sql="p.needs is not null")] = Field(
        description="The person told us of support that they need."
    )
    organisation: str | None
    region: str | None
    channel: str
    product: str | None = Field(description="Of the primary aspect.")
    issue: Annotated[str | None, Column("About", kind="main")]
    excerpt: Annotated[str | None, Column(sql="left(w.narrative, 200)")] = Field(
        description="The first words of the complaint."
    )
    status: Annotated[str, Column("Status")] = Field(
        description="`new`, `open`, `pending`, `on-hold`, `resolved` or `closed`: it follows from the work."
    )
    priority: Annotated[str, Column("Priority", sort="priority")]
    owner: Annotated[str | None, Column("Owner")] = Field(
        description="Of the primary aspect, else of the first open one."
    )
    open_aspects: int
    total_aspects: int
    due_at: Annotated[datetime, Column("Final response", kind="text", sort="due")] = Field(
        description="Eight weeks after receipt (DISP 1.6.2R)."
    )
    score: Annotated[float | None, Column("Sentiment", kind="text", sort="sentiment")] = Field(
        description="The worst that was measured, from -1 to 1."
    )
    heat: str | None
    alert: str | None
    received_at: Annotated[datetime, Column("Age", sort="received")]
    closed_at: datetime | None
    answered_at: datetime | None = Field(description="When the customer had the last word from us.")
    message_at: datetime | None = Field(description="When the customer last wrote.")
    invented: bool


async def _people(conn: Any, q: str) -> Mapping[str, Any]:
    """The reference that it is, and whose name has every word of it, or begins with it; the first of very many."""
    found: list[UUID] = []
    if typed := " & ".join(f"'{word}':*" for word in re.findall(r"[^\W_]+", q)[:8]):
        rows = await conn.execute(
            f"select person_id from complainants where {NAME} @@ to_tsquery('simple', %s) limit 500", [typed]
        )
        found = [row[0] for row in await rows.fetchall()]
    return {"reference": reference_in(q), "people": found}


OPEN, CLOSED = "c.closed_at is null", "c.closed_at is not null"
BURNING = f"{OPEN} and (c.heat = 'red' or c.alert is not null)"
UNREAD = f"{OPEN} and c.message_at > coalesce(c.answered_at, '-infinity')"
OF_AN_ASPECT = "c.case_id in (select a.case_id from aspects a where {})"
FOUND = """c.case_id in (select case_id from case_words where found_by @@ websearch_to_tsquery('english', %(q)s)
 or reference = %(reference)s or person_id = any(%(people)s))"""
TABS = (
    Tab("open", "All open", OPEN),
    Tab("mine", "Mine", f"{OPEN} and c.owners ? %(me)s"),
    Tab("unassigned", "Unassigned", f"{OPEN} and c.unassigned"),
    Tab("replies", "New replies", UNREAD),
    Tab("red", "Red", f"{BURNING} and c.heat = 'red'"),
    Tab("late", "Late", f"{OPEN} and c.due_at < %(now)s"),
    Tab("closed", "Closed", CLOSED, sort="-closed", counted=False),
    Tab("all", "All cases", sort="-received", counted=False),
    Tab("alerts", "Alerts", f"{BURNING} and c.alert is not null", shown=False),
    Tab("my_late", "Mine and late", f"{OPEN} and c.owners ? %(me)s and c.due_at < %(now)s", shown=False),
)
FILTERS = (
    Filter("q", "Search", FOUND, more=_people, field=True, description="A reference, words of the text, or a name."),
    Filter("product", "Product", field=True),
    Filter(
        "status", "Status", f"c.status = %(status)s and ({CLOSED}) = (%(status)s = 'closed')", "code",
        {
            "new": "New", "open": "Open", "pending": "Pending", "on-hold": "On hold", "resolved": "Resolved",
            "closed": "Closed",
        },
        field=True,
    ),
    Filter("priority", "Priority", kind="code", field=True, options=PRIORITIES),
    Filter("heat", "Sentiment", kind="code", options={"red": "Red", "amber": "Amber", "green": "Green"}, field=True),
    Filter("owner", "Owner", "c.owners ? lower(%(owner)s)"),
    Filter("issue", "Issue"),
    Filter("channel", "Channel"),
    Filter("organisation", "Firm"),
    Filter("person", "Person", "c.person_id = %(person)s", "id", description="The id of who complains."),
    Filter("outcome", "Outcome", "a.outcome = %(outcome)s", within=OF_AN_ASPECT, description="Of any aspect."),
    Filter(
        "cause", "Root cause", "a.root_cause = %(cause)s", within=OF_AN_ASPECT,
        description="Root cause of any aspect; with `outcome`, of the same one.",
    ),
    *period("c.received_at", "Received"),
)  # fmt: skip
SORTS = {
    "priority": Sort(
        (("(-c.urgency)", int), "due_at", "case_id"), "btree ((-urgency), due_at, case_id) where closed_at is null"
    ),
    "due": Sort(("due_at", "case_id"), "btree (due_at, case_id) where closed_at is null"),
    "received": Sort(("received_at", "case_id"), "btree (received_at, case_id)"),
    "sentiment": Sort(
        (("coalesce(c.score, 2)", float), "case_id"), "btree (coalesce(score, 2), case_id) where closed_at is null"
    ),
    "closed": Sort(("closed_at", "case_id"), "btree (closed_at, case_id) where closed_at is not null", CLOSED),
}
"""Ascending: urgent, overdue, oldest, angriest first."""
CASES = Listing(
    "cases", CaseSummary, view=caseload, may="cases.read", source="caseload c", alias="c",
    real="c.reference is not null",
    joined="left join complainants p using (person_id) left join case_words w using (case_id)",
    filters=FILTERS, tabs=TABS, default="all", sorts=SORTS, sort="priority", link="/cases/{case_id}",
    missing="There is no case with this ID. Search for its reference.",
)  # fmt: skip
DETAILS = ", c.state, w.narrative, p.email, p.phone, p.needs, p.preferred_channel, p.erased_at"


async def case_with_details(conn: Any, case_id: UUID) -> dict[str, Any]:
    """One case with all that its page shows beside aspects and timeline."""
    return await one(conn, CASES, case_id, DETAILS)
