"""Take in what a customer writes about their complaint."""

from typing import Annotated
from uuid import UUID, uuid5

from pydantic import AfterValidator, BaseModel, Field

from shared.events import Provenance
from shared.events.complaints import ComplaintReceived, MessageReceived
from shared.events.sealed import Sealed
from shared.text import printable

LONGEST = 20_000


class WriteMessage(BaseModel):
    """A message to the firm."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST), AfterValidator(printable)] = Field(
        title="Your message", json_schema_extra={"enter": "Enter your message"}
    )


def receive_message(about: ComplaintReceived, channel: str, key: str, text: str, by: Provenance) -> MessageReceived:
    """The message; the same key and text make the same message."""
    id_ = message_id(about.originator_id, key, text)
    return MessageReceived(
        **by.stamp(id_, 1), complaint_id=about.originator_id, person_id=about.person_id, channel=channel,
        body=Sealed(about.person_id, text),
    )  # fmt: skip


def message_id(complaint_id: UUID, key: str, text: str) -> UUID:
    return uuid5(complaint_id, f"message {key} {text}")
