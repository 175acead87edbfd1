"""The ledger: totals, files, and the arrivals themselves, the newest first."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel

from services.intake.ledger.view import ledger
from shared.features.listing import Column, Filter, Listing, Sort, tabs_of

OUTCOMES = {"accepted": ("Accepted", "good"), "duplicate": ("Duplicate", "neutral"), "refused": ("Refused", "danger")}


class ArrivalRow(BaseModel):
    """The outcome of one arrival."""

    reference: Annotated[str | None, Column("Reference", "c.reference")]
    complaint_id: UUID | None
    arrival_id: UUID
    recorded_at: Annotated[datetime, Column("Recorded", sort="recorded")]
    outcome: Annotated[str, Column("Outcome", badges=OUTCOMES)]
    channel: Annotated[str, Column("Channel", "r.channel")]
    source: Annotated[str | None, Column("Source")]
    line: Annotated[int | None, Column("Line")]
    reasons: Annotated[list[str] | None, Column("Why")]


ARRIVALS = Listing(
    "arrivals", ArrivalRow, view=ledger, may="complaints.read", source="receipts r", alias="r",
    joined="left join complaints c using (complaint_id)",
    sorts={"recorded": Sort(("recorded_at", "arrival_id"), "btree (recorded_at desc)")}, sort="-recorded",
    tab="outcome",
    tabs=tabs_of("r.outcome", all="Received", accepted="Accepted", duplicate="Duplicate", refused="Refused"),
    filters=(Filter("source", "Source", description="A file, or who sent it by the API."),),
)  # fmt: skip


async def totals(conn: Any, source: str | None = None) -> dict[str, int]:
    """Received = accepted + duplicate + refused, over all or for one source."""
    found = await conn.execute(
        "select outcome, count(*) from receipts where %(source)s::text is null or source = %(source)s group by 1",
        {"source": source},
    )
    counted = dict.fromkeys(OUTCOMES, 0) | dict(await found.fetchall())
    return {"received": sum(counted.values()), **counted}


async def sources(conn: Any) -> list[Any]:
    """The files and senders that brought something last, with their totals."""
    found = await conn.execute(
        "select source, channel, count(*), count(*) filter (where outcome = 'accepted'),"
        " count(*) filter (where outcome = 'duplicate'), count(*) filter (where outcome = 'refused'), max(recorded_at)"
        " from receipts group by 1, 2 order by 7 desc limit 50"
    )
    rows: list[Any] = await found.fetchall()
    return rows
