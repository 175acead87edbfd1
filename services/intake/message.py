"""A message to a customer: written once, tried until it is handed over or given up."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from shared.events import By, Event
from shared.events.complaints import MessageFailed, MessageSent, MessageWritten

TRIES = 8


@dataclass(frozen=True, slots=True)
class Message:
    """The state of one message after its events."""

    id: UUID
    complaint_id: UUID
    version: int
    attempts: int = 0
    done: bool = False


def evolve(message: Message | None, event: Event) -> Message:
    """Fold one event."""
    match event:
        case MessageWritten():
            return Message(event.originator_id, event.complaint_id, event.originator_version)
        case MessageSent() | MessageFailed():
            assert message is not None
            done = isinstance(event, MessageSent) or event.final
            return replace(message, version=event.originator_version, attempts=event.attempt, done=done)
    raise TypeError(f"{event.type} is no event of a message")


def sent(message: Message, by: By) -> list[Event]:
    """The other side took it; saying so twice changes nothing."""
    if message.done:
        return []
    return [
        MessageSent(
            **by.stamp(message.id, message.version + 1), complaint_id=message.complaint_id, attempt=message.attempts + 1
        )
    ]


def failed(message: Message, error: str, by: By) -> list[Event]:
    """Try again later, unless it was tried often enough."""
    if message.done:
        return []
    attempt = message.attempts + 1
    return [
        MessageFailed(
            **by.stamp(message.id, message.version + 1), complaint_id=message.complaint_id, attempt=attempt,
            error=error, final=attempt >= TRIES,
        )
    ]  # fmt: skip


def pause(attempts: int) -> timedelta:
    """How long to wait after the n-th failed try: from 2 seconds, doubling."""
    return timedelta(seconds=float(2**attempts))
