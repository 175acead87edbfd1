"""What do people say about us, how does it sound, and what has become of it?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from shared.events.cases import CaseClosed, CaseEvent, CaseOpened, CaseReopened
from shared.events.complaints import ComplaintReceived
from shared.events.mentions import MentionCaptured, MentionDismissed, MentionPromoted, MentionRestored
from shared.events.sealed import words
from shared.events.sentiments import SentimentMeasured
from shared.projections.view import Table, View


@dataclass(slots=True)
class Row:
    mention_id: UUID
    network: str | None = None
    kind: str | None = None
    person_id: UUID | None = None
    author: str | None = None
    handle: str | None = None
    text: str | None = None
    url: str | None = None
    language: str | None = None
    posted_at: datetime | None = None
    captured_at: datetime | None = None
    invented: bool = False
    state: str = "new"
    reason: str | None = None
    complaint_id: UUID | None = None
    model: str | None = None
    score: float | None = None
    heat: str | None = None
    deciding: list[Any] | None = None


@dataclass(slots=True)
class Complaint:
    """What has become of a complaint; only those of promoted mentions are ever looked up."""

    complaint_id: UUID
    reference: str | None = None
    status: str | None = None


mentions = Table(
    "inbox", Row, person="person_id", personal=["author", "handle", "text", "url"],
    indexes=["btree (posted_at desc, mention_id desc)", "btree (state, posted_at desc, mention_id desc)"],
)  # fmt: skip
complaints = Table("inbox_complaints", Complaint)
inbox = View("inbox", version=1, tables=[mentions, complaints])


@mentions.on(MentionCaptured)
def captured(row: Row, event: MentionCaptured) -> None:
    row.network, row.kind, row.person_id, row.language = event.network, event.kind, event.person_id, event.language
    row.author, row.handle, row.text = words(event.author), words(event.handle), words(event.text)
    row.url, row.invented = words(event.url), event.invented
    row.posted_at, row.captured_at = event.happened_at, event.recorded_at


@mentions.on(MentionPromoted)
def promoted(row: Row, event: MentionPromoted) -> None:
    row.state, row.complaint_id = "promoted", event.complaint_id


@mentions.on(MentionDismissed)
def dismissed(row: Row, event: MentionDismissed) -> None:
    row.state, row.reason = "dismissed", event.reason


@mentions.on(MentionRestored)
def restored(row: Row, event: MentionRestored) -> None:
    row.state, row.reason = "new", None


@mentions.on(SentimentMeasured, key=lambda event: event.subject_id if event.subject == "mention" else None)
def measured(row: Row, event: SentimentMeasured) -> None:
    """Measurements by two models come in any order: the model whose name sorts last is shown."""
    if row.model is None or event.model >= row.model:
        row.model, row.score, row.heat = event.model, event.score, event.heat
        row.deciding = [word.model_dump() for word in event.deciding]


@complaints.on(ComplaintReceived, key=lambda event: event.originator_id if event.mention_id else None)
def received(row: Complaint, event: ComplaintReceived) -> None:
    row.reference = event.reference


@complaints.on(CaseOpened, key=lambda event: event.originator_id if event.channel == "social" else None)
def opened(row: Complaint, event: CaseOpened) -> None:
    row.status = "open"


@complaints.on(CaseClosed, CaseReopened)
def moved(row: Complaint, event: CaseEvent) -> None:
    row.status = "closed" if isinstance(event, CaseClosed) else "open"


COLUMNS = (
    "i.mention_id, i.network, i.kind, i.person_id, i.author, i.handle, i.text, i.url, i.language, i.posted_at,"
    " i.captured_at, i.invented, i.state, i.reason, i.complaint_id, i.score, i.heat, i.deciding, c.reference, c.status"
)
FROM = "from inbox i left join inbox_complaints c on c.complaint_id = i.complaint_id where i.network is not null"
FILTER = " and (%(network)s::text is null or i.network = %(network)s) and (%(heat)s::text is null or i.heat = %(heat)s)"


async def find(
    conn: AsyncConnection[Any], size: int, *, network: str | None = None, state: str | None = None,
    heat: str | None = None, after: tuple[datetime, UUID] | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """The newest first, and one more than `size`, which tells that there are more."""
    at, id_ = after or (None, None)
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            f"select {COLUMNS} {FROM}{FILTER} and (%(state)s::text is null or i.state = %(state)s)"
            " and (%(at)s::timestamptz is null or (i.posted_at, i.mention_id) < (%(at)s, %(id)s))"
            " order by i.posted_at desc, i.mention_id desc limit %(size)s",
            {"network": network, "state": state, "heat": heat, "at": at, "id": id_, "size": size + 1},
        )
        return await cursor.fetchall()


async def one(conn: AsyncConnection[Any], mention_id: UUID) -> dict[str, Any] | None:
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(f"select {COLUMNS} {FROM} and i.mention_id = %s", [mention_id])
        return await cursor.fetchone()


async def by_state(conn: AsyncConnection[Any], network: str | None, heat: str | None) -> dict[str, int]:
    """How many mentions of each state there are under the other filters."""
    found = await conn.execute(
        f"select i.state, count(*) from inbox i where i.network is not null{FILTER} group by 1",
        {"network": network, "heat": heat},
    )
    return {"new": 0, "promoted": 0, "dismissed": 0} | dict(await found.fetchall())


async def networks(conn: AsyncConnection[Any]) -> list[str]:
    """Where mentions have come from."""
    found = await conn.execute("select distinct network from inbox where network is not null order by 1")
    return [row[0] for row in await found.fetchall()]
