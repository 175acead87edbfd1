"""Events of `cases`: the work on a complaint, aspect by aspect."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.events.base import Event, Upcast
from shared.events.codes import CODES_OPENED, AlertKind, Channel, Code, Outcome, Priority, Redress, WaitingFor
from shared.events.sealed import Sealed


class CaseEvent(Event):
    """`originator_id` is the case, which has its complaint's id."""

    topic: ClassVar[str] = "cases"


class CaseOpened(CaseEvent):
    """Work on the complaint began."""

    type: ClassVar[str] = "case.opened"
    version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = CODES_OPENED
    sentence: ClassVar[str] = "Case opened, priority {priority}"
    details: ClassVar[tuple[str, ...]] = ("organisation",)

    reference: str = Field(description="The complaint's reference.")
    person_id: UUID = Field(description="Who complains.")
    channel: Channel = Field(description="The road the complaint came by.")
    received_at: AwareDatetime = Field(description="When the complaint was received: regulatory clocks start.")
    organisation: str | None = Field(None, description="The firm complained about.")
    region: str | None = Field(None, description="State or region.")
    priority: Priority = Field("normal", description="How soon it is worked.")
    invented: bool = Field(False, description="True for demonstration data.")


class AspectEvent(CaseEvent):
    aspect_id: UUID = Field(description="The grievance within the case.")


class AspectRaised(AspectEvent):
    """One grievance of the case; the first is primary."""

    type: ClassVar[str] = "case.aspect-raised"
    sentence: ClassVar[str] = "{aspect} added"
    details: ClassVar[tuple[str, ...]] = (
        "product",
        "issue",
    )

    primary: bool = Field(description="True for the main grievance.")
    product: str | None = Field(None, description="What it is about.")
    sub_product: str | None = Field(None, description="What it is about, finer.")
    issue: str | None = Field(None, description="What went wrong.")
    sub_issue: str | None = Field(None, description="What went wrong, finer.")
    summary: Sealed | None = Field(None, description="In the handler's words.")


class AspectClassified(AspectEvent):
    """A handler said what the aspect is about."""

    type: ClassVar[str] = "case.aspect-classified"
    sentence: ClassVar[str] = "{aspect} classified"
    details: ClassVar[tuple[str, ...]] = (
        "product",
        "issue",
    )

    product: str | None = Field(None, description="What it is about.")
    sub_product: str | None = Field(None, description="What it is about, finer.")
    issue: str | None = Field(None, description="What went wrong.")
    sub_issue: str | None = Field(None, description="What went wrong, finer.")


class AspectAssigned(AspectEvent):
    """An aspect got an owner; with `handler` empty it has none."""

    type: ClassVar[str] = "case.aspect-assigned"
    sentence: ClassVar[str] = "{aspect} assigned to {handler}"
    sentence_without: ClassVar[dict[str, str]] = {"handler": "{aspect} unassigned"}

    handler: str | None = Field(None, description="The owner's account; absent when there is none.")


class AspectResolved(AspectEvent):
    """An aspect was decided."""

    type: ClassVar[str] = "case.aspect-resolved"
    version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = CODES_OPENED
    sentence: ClassVar[str] = "{aspect} decided: {outcome}"
    details: ClassVar[tuple[str, ...]] = (
        "redress",
        "amount",
        "currency",
        "root_cause",
    )

    outcome: Outcome = Field(description="The decision.")
    redress: Redress = Field("none", description="What puts it right.")
    amount: Decimal | None = Field(None, ge=0, description="Money redress.")
    currency: str | None = Field(None, pattern="^[A-Z]{3}$", description="ISO 4217, with an amount.")
    root_cause: Annotated[str | None, Code("root_causes")] = Field(
        None, description="Why it happened, from the firm's list."
    )
    explanation: Sealed | None = Field(None, description="Why it was decided so.")


class NoteAdded(CaseEvent):
    """A handler wrote something down for colleagues; it is never sent to the customer."""

    type: ClassVar[str] = "case.note-added"
    sentence: ClassVar[str] = "Note added"

    note_id: UUID = Field(description="The note.")
    text: Sealed = Field(description="What it says.")


class PriorityChanged(CaseEvent):
    """A change of how soon the case is worked on."""

    type: ClassVar[str] = "case.priority-changed"
    version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = CODES_OPENED
    sentence: ClassVar[str] = "Priority changed to {priority}"
    details: ClassVar[tuple[str, ...]] = ("reason",)

    priority: Priority = Field(description="The new priority.")
    reason: str = Field(description="Why; names nobody.")


class AlertRaised(CaseEvent):
    """Somebody should look at the case now."""

    type: ClassVar[str] = "case.alert-raised"
    version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = CODES_OPENED
    sentence: ClassVar[str] = "Alert raised: {kind}"
    details: ClassVar[tuple[str, ...]] = ("reason",)

    kind: AlertKind = Field(description="What raised it.")
    reason: str = Field(description="Why; names nobody.")


class CaseClosed(CaseEvent):
    """All aspects are decided and the work is done."""

    type: ClassVar[str] = "case.closed"
    sentence: ClassVar[str] = "Case closed"

    person_id: UUID = Field(description="Who complained: surveys ask them.")


class CaseReopened(CaseEvent):
    """Work goes on: the customer disputes, or something was missed."""

    type: ClassVar[str] = "case.reopened"
    sentence: ClassVar[str] = "Case reopened"
    details: ClassVar[tuple[str, ...]] = ("reason",)

    reason: str = Field(description="Why; names nobody.")


class ReplyEvent(CaseEvent):
    reply_id: UUID = Field(description="The reply; the message that intake sends has the same id.")


class ReplyWritten(ReplyEvent):
    """A handler answered the customer; it leaves the house at `send_at`, unless it is taken back before."""

    type: ClassVar[str] = "case.reply-written"
    sentence: ClassVar[str] = "Reply written"

    subject: Sealed = Field(description="The subject line.")
    body: Sealed = Field(description="The text.")
    send_at: AwareDatetime = Field(description="When it is sent.")


class ReplyTakenBack(ReplyEvent):
    """The reply was taken back before it left the house."""

    type: ClassVar[str] = "case.reply-taken-back"
    sentence: ClassVar[str] = "Reply taken back before it was sent"


class ReplyReleased(ReplyEvent):
    """The time to take the reply back is over: intake sends it, as the customer wants to be answered."""

    type: ClassVar[str] = "case.reply-released"
    sentence: ClassVar[str] = "Reply handed over for sending"

    person_id: UUID = Field(description="Who complained.")
    subject: Sealed = Field(description="The subject line.")
    body: Sealed = Field(description="The text.")


class ContactLogged(CaseEvent):
    """A conversation outside the system: a call, a meeting, a letter. `occurred_at` is when it took place."""

    type: ClassVar[str] = "case.contact-logged"
    sentence: ClassVar[str] = "Contact logged: {channel}"

    contact_id: UUID = Field(description="The conversation.")
    channel: Channel = Field(description="How it took place.")
    direction: Literal["in", "out"] = Field(description="`in` if the customer began it, `out` if the firm did.")
    summary: Sealed = Field(description="What was said.")
    agreed: Sealed | None = Field(None, description="What was agreed.")


class CasePaused(CaseEvent):
    """Work on the case waits for somebody else. Regulatory clocks go on."""

    type: ClassVar[str] = "case.paused"
    sentence: ClassVar[str] = "Paused: waiting for {waiting_for}"
    details: ClassVar[tuple[str, ...]] = ("reason", "until")

    waiting_for: WaitingFor = Field(description="Whom or what the case waits for.")
    reason: str | None = Field(None, description="Why; names nobody.")
    until: AwareDatetime | None = Field(None, description="Work goes on then at the latest.")


class CaseResumed(CaseEvent):
    """The wait is over."""

    type: ClassVar[str] = "case.resumed"
    sentence: ClassVar[str] = "Work resumed"
    details: ClassVar[tuple[str, ...]] = ("reason",)

    reason: str = Field(description="Why; names nobody.")
