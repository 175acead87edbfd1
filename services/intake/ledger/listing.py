"""The ledger as a page reads it: totals, files, and the arrivals themselves, newest first."""

from datetime import datetime
from typing import Any
from uuid import UUID

from shared.http.paging import cursor, encode

SIZE = 50


async def read(conn: Any, outcome: str, source: str, after: str | None) -> dict[str, Any]:
    """Everything that the page shows, in four queries."""
    found = await conn.execute("select outcome, count(*) from receipts group by 1")
    counts = dict.fromkeys(("accepted", "duplicate", "refused"), 0) | dict(await found.fetchall())
    found = await conn.execute(
        "select source, channel, count(*), count(*) filter (where outcome = 'accepted'),"
        " count(*) filter (where outcome = 'duplicate'), count(*) filter (where outcome = 'refused'), max(recorded_at)"
        " from receipts group by 1, 2 order by 7 desc limit 50"
    )
    sources = await found.fetchall()
    at = cursor(after, datetime, UUID)
    found = await conn.execute(
        "select arrival_id, recorded_at, r.channel, outcome, source, line, reasons, complaint_id, c.reference"
        " from receipts r left join complaints c using (complaint_id)"
        " where (%(outcome)s = '' or outcome = %(outcome)s) and (%(source)s = '' or source = %(source)s)"
        " and (%(at)s::timestamptz is null or (recorded_at, arrival_id) < (%(at)s, %(id)s))"
        " order by recorded_at desc, arrival_id desc limit %(size)s",
        {
            "outcome": outcome, "source": source, "at": at[0] if at else None, "id": at[1] if at else None,
            "size": SIZE + 1,
        },
    )  # fmt: skip
    rows = await found.fetchall()
    following = encode([rows[SIZE - 1][1], rows[SIZE - 1][0]]) if len(rows) > SIZE else None
    return {
        "counts": {},
        "totals": counts,
        "sources": sources,
        "rows": rows[:SIZE],
        "following": following,
        "source": source,
    }
