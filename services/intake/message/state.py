"""A message to a customer: written once, tried until it is handed over or given up."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from shared.events import Event, Provenance
from shared.events.complaints import MessageFailed, MessageSent, MessageWritten

LONGEST_PAUSE = timedelta(hours=1)
GIVEN_UP = timedelta(days=4)
"""After as long a mail system gives up (RFC 5321, 4.5.4.1): servers are away for a night, and addresses are mended."""


@dataclass(frozen=True, slots=True)
class Message:
    """The state of one message after its events."""

    id: UUID
    complaint_id: UUID
    version: int
    written_at: datetime
    attempts: int = 0
    done: bool = False


def evolve(message: Message | None, event: Event) -> Message:
    """Fold one event."""
    match event:
        case MessageWritten():
            return Message(event.originator_id, event.complaint_id, event.originator_version, event.recorded_at)
        case MessageSent() | MessageFailed():
            assert message is not None
            done = isinstance(event, MessageSent) or event.final
            return replace(message, version=event.originator_version, attempts=event.attempt, done=done)
    raise TypeError(f"{event.type} is no event of a message")


def sent(message: Message, by: Provenance) -> list[Event]:
    """The other side took it; saying so twice changes nothing."""
    if message.done:
        return []
    return [
        MessageSent(
            **by.stamp(message.id, message.version + 1), complaint_id=message.complaint_id, attempt=message.attempts + 1
        )
    ]


def failed(message: Message, error: str, by: Provenance) -> list[Event]:
    """Try again later, unless it was tried for long enough."""
    if message.done:
        return []
    attempt = message.attempts + 1
    return [
        MessageFailed(
            **by.stamp(message.id, message.version + 1), complaint_id=message.complaint_id, attempt=attempt,
            error=error, final=by.at - message.written_at >= GIVEN_UP,
        )
    ]  # fmt: skip


def pause(attempts: int) -> timedelta:
    """How long to wait after the n-th failed try: from 2 seconds, doubling, up to an hour."""
    return min(timedelta(seconds=2 ** min(attempts, 12)), LONGEST_PAUSE)
