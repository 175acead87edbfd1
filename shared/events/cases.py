"""Events of `cases`: the work on a complaint, aspect by aspect."""

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.events.base import Event
from shared.events.codes import CODES_OPENED, AlertKind, Channel, Code, Outcome, Priority, Redress, WaitingFor
from shared.events.sealed import Sealed


class CaseEvent(Event):
    """`originator_id` is the case, which has its complaint's id."""

    topic = "cases"


class CaseOpened(CaseEvent):
    """Work on the complaint began."""

    type = "case.opened"
    version = 2
    upcasts = CODES_OPENED
    sentence = "Case opened, priority {priority}"
    details = ("organisation",)

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

    type = "case.aspect-raised"
    sentence = "{aspect} added"
    details = ("product", "issue")

    primary: bool = Field(description="True for the main grievance.")
    product: str | None = Field(None, description="What it is about.")
    sub_product: str | None = Field(None, description="What it is about, finer.")
    issue: str | None = Field(None, description="What went wrong.")
    sub_issue: str | None = Field(None, description="What went wrong, finer.")
    summary: Sealed | None = Field(None, description="In the handler's words.")


class AspectClassified(AspectEvent):
    """A handler said what the aspect is about."""

    type = "case.aspect-classified"
    sentence = "{aspect} classified"
    details = ("product", "issue")

    product: str | None = Field(None, description="What it is about.")
    sub_product: str | None = Field(None, description="What it is about, finer.")
    issue: str | None = Field(None, description="What went wrong.")
    sub_issue: str | None = Field(None, description="What went wrong, finer.")


class AspectAssigned(AspectEvent):
    """An aspect got an owner; with `handler` empty it has none."""

    type = "case.aspect-assigned"
    sentence = "{aspect} assigned to {handler}"
    sentence_without = {"handler": "{aspect} unassigned"}

    handler: str | None = Field(None, description="The owner's account; absent when there is none.")


class DecisionEvent(AspectEvent):
    outcome: Outcome = Field(description="The decision.")
    redress: Redress = Field("none", description="What puts it right.")
    amount: Decimal | None = Field(None, ge=0, description="Money redress.")
    currency: str | None = Field(None, pattern="^[A-Z]{3}$", description="ISO 4217, with an amount.")
    root_cause: Annotated[str | None, Code("root_causes")] = Field(
        None, description="Why it happened, from the firm's list."
    )
    explanation: Sealed | None = Field(None, description="Why it was decided so.")


class AspectResolved(DecisionEvent):
    """An aspect was decided."""

    type = "case.aspect-resolved"
    version = 2
    upcasts = CODES_OPENED
    sentence = "{aspect} decided: {outcome}"
    details = ("redress", "amount", "currency", "root_cause")


class DecisionCorrected(DecisionEvent):
    """A decision was wrong and is replaced whole; when the aspect was decided stays as it is."""

    type = "case.decision-corrected"
    sentence = "{aspect} decision corrected: {outcome}"
    details = ("redress", "amount", "currency", "root_cause", "reason")

    reason: str = Field(description="Why it was corrected; names nobody.")


class NoteAdded(CaseEvent):
    """A handler wrote something down for colleagues; it is never sent to the customer."""

    type = "case.note-added"
    sentence = "Note added"

    note_id: UUID = Field(description="The note.")
    text: Sealed = Field(description="What it says.")


class PriorityChanged(CaseEvent):
    """A change of how soon the case is worked on."""

    type = "case.priority-changed"
    version = 2
    upcasts = CODES_OPENED
    sentence = "Priority changed to {priority}"
    details = ("reason",)

    priority: Priority = Field(description="The new priority.")
    reason: str = Field(description="Why; names nobody.")


class AlertRaised(CaseEvent):
    """Somebody should look at the case now."""

    type = "case.alert-raised"
    version = 2
    upcasts = CODES_OPENED
    sentence = "Alert raised: {kind}"
    details = ("reason",)

    kind: AlertKind = Field(description="What raised it.")
    reason: str = Field(description="Why; names nobody.")


class CaseClosed(CaseEvent):
    """All aspects are decided and the work is done."""

    type = "case.closed"
    sentence = "Case closed"

    person_id: UUID = Field(description="Who complained: surveys ask them.")


class CaseReopened(CaseEvent):
    """Work goes on: the customer disputes, or something was missed."""

    type = "case.reopened"
    sentence = "Case reopened"
    details = ("reason",)

    reason: str = Field(description="Why; names nobody.")
    undone: bool = Field(False, description="True if closing was undone: what was decided needs no new decision.")


class ReplyEvent(CaseEvent):
    reply_id: UUID = Field(description="The reply; the message that intake sends has the same id.")


class ReplyWritten(ReplyEvent):
    """A handler answered the customer; it leaves the house at `send_at`, unless it is taken back before."""

    type = "case.reply-written"
    sentence = "Reply written"

    subject: Sealed = Field(description="The subject line.")
    body: Sealed = Field(description="The text.")
    send_at: AwareDatetime = Field(description="When it is sent.")


class ReplyTakenBack(ReplyEvent):
    """The reply was taken back before it left the house."""

    type = "case.reply-taken-back"
    sentence = "Reply taken back before it was sent"


class ReplyReleased(ReplyEvent):
    """The time to take the reply back is over: intake sends it, as the customer wants to be answered."""

    type = "case.reply-released"
    sentence = "Reply handed over for sending"

    person_id: UUID = Field(description="Who complained.")
    subject: Sealed = Field(description="The subject line.")
    body: Sealed = Field(description="The text.")


class ContactLogged(CaseEvent):
    """A conversation outside the system: a call, a meeting, a letter. `occurred_at` is when it took place."""

    type = "case.contact-logged"
    sentence = "Contact logged: {channel}"

    contact_id: UUID = Field(description="The conversation.")
    channel: Channel = Field(description="How it took place.")
    direction: Literal["in", "out"] = Field(description="`in` if the customer began it, `out` if the firm did.")
    summary: Sealed = Field(description="What was said.")
    agreed: Sealed | None = Field(None, description="What was agreed.")


class CasePaused(CaseEvent):
    """Work on the case waits for somebody else. Regulatory clocks go on."""

    type = "case.paused"
    sentence = "Paused: waiting for {waiting_for}"
    details = ("reason", "until")

    waiting_for: WaitingFor = Field(description="Whom or what the case waits for.")
    reason: str | None = Field(None, description="Why; names nobody.")
    until: AwareDatetime | None = Field(None, description="Work goes on then at the latest.")


class CaseResumed(CaseEvent):
    """The wait is over."""

    type = "case.resumed"
    sentence = "Work resumed"
    details = ("reason",)

    reason: str = Field(description="Why; names nobody.")
