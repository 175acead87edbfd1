"""Events of `intake` about arrivals, complaints and the messages exchanged about them."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.events.base import Event
from shared.events.codes import CODES_OPENED, Channel, Purpose
from shared.events.sealed import Sealed


class ComplaintEvent(Event):
    topic = "complaints"


class ArrivalRecorded(ComplaintEvent):
    """The receipt of one arrival, whatever became of it: received = accepted + duplicate + refused."""

    type = "arrival.recorded"
    version = 2
    upcasts = CODES_OPENED
    sentence = "Arrival {outcome} ({channel})"
    details = ("source", "line", "reasons")

    channel: Channel = Field(description="The road it came by.")
    outcome: Literal["accepted", "duplicate", "refused"] = Field(description="What became of it.")
    complaint_id: UUID | None = Field(None, description="The complaint it became, or repeats.")
    source: str | None = Field(None, description="The file, mailbox or client that it came from.")
    line: int | None = Field(None, description="The line in that file.")
    reasons: list[str] = Field(default_factory=list, description="Why it was refused.")
    fingerprint: str | None = Field(None, description="HMAC of what was sent, to tell a retry from a reuse.")


class ComplaintReceived(ComplaintEvent):
    """A complaint was accepted: from here on it has a reference and its clocks run."""

    type = "complaint.received"
    version = 2
    upcasts = CODES_OPENED
    sentence = "Complaint {reference} received ({channel})"
    details = ("organisation", "product", "issue")
    introduces = "person_id"

    reference: str = Field(description="What the customer quotes, for example `R7K2-M9QX`.")
    channel: Channel = Field(description="The road it came by.")
    person_id: UUID = Field(description="Who complains.")
    external_id: str | None = Field(None, description="Its number where it came from, for example `cfpb:3571115`.")
    organisation: str | None = Field(None, description="The firm complained about.")
    product: str | None = Field(None, description="As the customer chose it.")
    sub_product: str | None = Field(None, description="As the customer chose it.")
    issue: str | None = Field(None, description="As the customer chose it.")
    sub_issue: str | None = Field(None, description="As the customer chose it.")
    narrative: Sealed | None = Field(None, description="What happened, in the customer's words.")
    wanted: Sealed | None = Field(None, description="What would put it right, in the customer's words.")
    region: str | None = Field(None, description="State or region.")
    tags: list[str] = Field(default_factory=list, description="For example `Older American`.")
    mention_id: UUID | None = Field(None, description="The mention that it was made from.")
    invented: bool = Field(False, description="True for demonstration data.")


class LinkRevoked(ComplaintEvent):
    """Links by which the customer follows the complaint open nothing any more; `originator_id` is the links'."""

    type = "link.revoked"
    sentence = "Tracking links turned off"
    details = ("generation",)

    complaint_id: UUID = Field(description="The complaint that they opened.")
    generation: int = Field(ge=0, description="Links of this generation and of earlier ones have ended.")


class MessageEvent(ComplaintEvent):
    """One message of the conversation about a complaint; `originator_id` is the message."""

    complaint_id: UUID = Field(description="The complaint it belongs to.")


class MessageWritten(MessageEvent):
    """A message to the customer was written and waits to be sent."""

    type = "message.written"
    version = 2
    upcasts = CODES_OPENED
    sentence = "Message written: {purpose} ({channel})"

    person_id: UUID = Field(description="Who it is for.")
    purpose: Purpose = Field(description="Why it is sent.")
    channel: Channel = Field(description="How it goes out.")
    to: Sealed = Field(description="The address.")
    subject: Sealed = Field(description="The subject line.")
    body: Sealed = Field(description="The text.")


class MessageSent(MessageEvent):
    """The message was handed to the world, which answered that it took it."""

    type = "message.sent"
    sentence = "Message sent (attempt {attempt})"

    attempt: int = Field(ge=1, description="Which try succeeded, from 1.")


class MessageFailed(MessageEvent):
    """A try to hand the message over failed; it is tried again unless `final`."""

    type = "message.failed"
    sentence = "Message not sent (attempt {attempt})"
    details = ("error",)

    attempt: int = Field(ge=1, description="Which try failed, from 1.")
    error: str = Field(description="What the other side said, without addresses.")
    final: bool = Field(False, description="True when it will not be tried again.")
