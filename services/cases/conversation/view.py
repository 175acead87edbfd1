"""View of the replies that are about to be sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from shared.events.cases import ReplyReleased, ReplyTakenBack, ReplyWritten
from shared.events.sealed import plaintext
from shared.features.due import Due
from shared.projections.view import Table, View


@dataclass(slots=True)
class ReplyRow:
    reply_id: UUID
    case_id: UUID | None = None
    person_id: UUID | None = None
    writer: str | None = None
    subject: str | None = None
    body: str | None = None
    written_at: datetime | None = None
    send_at: datetime | None = None
    taken_back_at: datetime | None = None


replies = Table(
    "replies", ReplyRow, person="person_id", personal=["subject", "body"],
    indexes=["btree (send_at) where body is not null", "btree (case_id)"],
)  # fmt: skip
reply_list = View("replies", version=1, tables=[replies])
unsent = Due(reply_list, replies, "send_at", where="body is not null")


@replies.on(ReplyWritten, key=lambda event: event.reply_id)
def written(row: ReplyRow, event: ReplyWritten) -> None:
    row.case_id, row.person_id, row.writer = event.originator_id, event.body.person, event.actor
    row.subject, row.body = plaintext(event.subject), plaintext(event.body)
    row.written_at, row.send_at = event.recorded_at, event.send_at


@replies.on(ReplyTakenBack, key=lambda event: event.reply_id)
def taken_back(row: ReplyRow, event: ReplyTakenBack) -> None:
    row.send_at, row.taken_back_at = None, event.recorded_at


@replies.on(ReplyReleased, key=lambda event: event.reply_id)
def released(row: ReplyRow, event: ReplyReleased) -> None:
    """It is a message of intake from here on."""
    row.send_at = row.subject = row.body = None


async def taken_back_by(conn: Any, case_id: UUID, writer: str) -> Mapping[str, Any]:
    """Subject and body of the writer's last reply, if it was taken back: what the composer then begins with."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "select subject, body, taken_back_at from replies where case_id = %s and writer = %s"
            " order by written_at desc limit 1",
            [case_id, writer],
        )
        found = await cursor.fetchone()
    return found if found and found["taken_back_at"] else {"subject": None, "body": None}
