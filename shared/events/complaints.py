"""Events of `intake` about arrivals, complaints and the messages exchanged about them."""

from collections.abc import Mapping
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.events.base import Event, Upcast
from shared.events.codes import CODES_OPENED, Channel, Purpose
from shared.events.sealed import Sealed


class ComplaintEvent(Event):
    topic: ClassVar[str] = "complaints"


class ArrivalRecorded(ComplaintEvent):
    """The receipt of one arrival, whatever became of it: received = accepted + duplicate + refused."""

    type: ClassVar[str] = "arrival.recorded"
    version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = CODES_OPENED
    sentence: ClassVar[str] = "Arrival {outcome} ({channel})"
    details: ClassVar[tuple[str, ...]] = (
        "source",
        "line",
        "reasons",
    )

    channel: Channel = Field(description="The road it came by.")
    outcome: Literal["accepted", "duplicate", "refused"] = Field(description="What became of it.")
    complaint_id: UUID | None = Field(None, description="The complaint it became, or repeats.")
    source: str | None = Field(None, description="The file, mailbox or client that it came from.")
    line: int | None = Field(None, description="The line in that file.")
    reasons: list[str] = Field(default_factory=list, description="Why it was refused.")
    fingerprint: str | None = Field(None, description="HMAC of what was sent, to tell a retry from a reuse.")


class ComplaintReceived(ComplaintEvent):
    """A complaint was accepted: from here on it has a reference and its clocks run."""

    type: ClassVar[str] = "complaint.received"
    version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = CODES_OPENED
    sentence: ClassVar[str] = "Complaint {reference} received ({channel})"
    details: ClassVar[tuple[str, ...]] = (
        "organisation",
        "product",
        "issue",
    )
    introduces: ClassVar[str | None] = "person_id"

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

    type: ClassVar[str] = "link.revoked"
    sentence: ClassVar[str] = "Tracking links turned off"
    details: ClassVar[tuple[str, ...]] = ("generation",)

    complaint_id: UUID = Field(description="The complaint that they opened.")
    generation: int = Field(ge=0, description="Links of this generation and of earlier ones have ended.")


class MessageEvent(ComplaintEvent):
    """One message of the conversation about a complaint; `originator_id` is the message."""

    complaint_id: UUID = Field(description="The complaint it belongs to.")


class MessageReceived(MessageEvent):
    """The customer wrote about their complaint."""

    type: ClassVar[str] = "message.received"
    sentence: ClassVar[str] = "Message from the customer ({channel})"

    person_id: UUID = Field(description="Who wrote it.")
    channel: Channel = Field(description="How it came.")
    body: Sealed = Field(description="The text.")


class MessageWritten(MessageEvent):
    """A message to the customer was written and waits to be sent."""

    type: ClassVar[str] = "message.written"
    version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = CODES_OPENED
    sentence: ClassVar[str] = "Message written: {purpose} ({channel})"

    person_id: UUID = Field(description="Who it is for.")
    purpose: Purpose = Field(description="Why it is sent.")
    channel: Channel = Field(description="How it goes out.")
    to: Sealed = Field(description="The address.")
    subject: Sealed = Field(description="The subject line.")
    body: Sealed = Field(description="The text.")


class MessageSent(MessageEvent):
    """The message was handed to the world, which answered that it took it."""

    type: ClassVar[str] = "message.sent"
    sentence: ClassVar[str] = "Message sent (attempt {attempt})"

    attempt: int = Field(ge=1, description="Which try succeeded, from 1.")


class MessageFailed(MessageEvent):
    """A try to hand the message over failed; it is tried again unless `final`."""

    type: ClassVar[str] = "message.failed"
    sentence: ClassVar[str] = "Message not sent (attempt {attempt})"
    details: ClassVar[tuple[str, ...]] = ("error",)

    attempt: int = Field(ge=1, description="Which try failed, from 1.")
    error: str = Field(description="What the other side said, without addresses.")
    final: bool = Field(False, description="True when it will not be tried again.")
