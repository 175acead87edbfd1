"""Views of the messages to customers, with when each is tried next, and of those from them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.events.complaints import MessageFailed, MessageReceived, MessageSent, MessageWritten
from shared.events.sealed import plaintext
from shared.features.due import Due
from shared.features.retry import RFC5321
from shared.projections.view import Table, View, copy


@dataclass(slots=True)
class Outgoing:
    message_id: UUID
    complaint_id: UUID | None = None
    person_id: UUID | None = None
    purpose: str | None = None
    recipient: str | None = None
    subject: str | None = None
    body: str | None = None
    state: str | None = None
    attempts: int = 0
    error: str | None = None
    next_at: datetime | None = None
    written_at: datetime | None = None


@dataclass(slots=True)
class Incoming:
    message_id: UUID
    complaint_id: UUID | None = None
    person_id: UUID | None = None
    body: str | None = None
    received_at: datetime | None = None


outgoing = Table(
    "outgoing", Outgoing, person="person_id", personal=["recipient", "subject", "body"],
    indexes=["btree (next_at) where state = 'waiting'", "btree (complaint_id)"],
)  # fmt: skip
incoming = Table("incoming", Incoming, person="person_id", personal=["body"], indexes=["btree (complaint_id)"])
outbox = View("outbox", version=1, tables=[outgoing])
received_list = View("messages_received", version=1, tables=[incoming])
waiting = Due(outbox, outgoing, "next_at", where="state = 'waiting' and recipient is not null")


@outgoing.on(MessageWritten)
def written(row: Outgoing, event: MessageWritten) -> None:
    copy(row, event)
    row.recipient, row.state = plaintext(event.to), "waiting"
    row.next_at = row.written_at = event.recorded_at


@outgoing.on(MessageSent)
def sent(row: Outgoing, event: MessageSent) -> None:
    row.state, row.attempts, row.next_at, row.error = "sent", event.attempt, None, None


@outgoing.on(MessageFailed)
def failed(row: Outgoing, event: MessageFailed) -> None:
    row.attempts, row.error = event.attempt, event.error
    row.state = "failed" if event.final else "waiting"
    row.next_at = RFC5321.next_at(event)


@incoming.on(MessageReceived)
def received(row: Incoming, event: MessageReceived) -> None:
    copy(row, event)
    row.received_at = event.happened_at


CONVERSATION = """
select 'in' as way, body, received_at as at from incoming where complaint_id = %(id)s
union all
select 'out', body, written_at from outgoing
where complaint_id = %(id)s and purpose in ('reply', 'final-response') and state = 'sent'
order by at
"""


async def conversation(conn: Any, complaint_id: UUID) -> list[tuple[str, str | None, datetime]]:
    """All that customer and firm wrote to each other about the complaint: `in` or `out`, the text, and when."""
    return list(await (await conn.execute(CONVERSATION, {"id": complaint_id})).fetchall())
