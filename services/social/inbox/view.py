"""View of the inbox: each mention, its sentiment and its state."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.events.cases import CaseClosed, CaseEvent, CaseOpened, CaseReopened
from shared.events.complaints import ComplaintReceived
from shared.events.mentions import MentionCaptured, MentionDismissed, MentionEvent, MentionPromoted, MentionRestored
from shared.events.sentiments import SentimentMeasured
from shared.projections.view import Table, View, copy


@dataclass(slots=True)
class Row:
    mention_id: UUID
    version: int = 0
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
    """The state of a complaint; only those of promoted mentions are ever looked up."""

    complaint_id: UUID
    reference: str | None = None
    status: str | None = None


mentions = Table(
    "inbox", Row, person="person_id", personal=["author", "handle", "text", "url"],
    indexes=["btree (posted_at desc, mention_id desc)", "btree (state, posted_at desc, mention_id desc)"],
)  # fmt: skip
complaints = Table("inbox_complaints", Complaint)
inbox = View("inbox", version=2, tables=[mentions, complaints])


@mentions.on(MentionEvent)
def changed(row: Row, event: MentionEvent) -> None:
    row.version = event.originator_version
    match event:
        case MentionCaptured():
            copy(row, event)
            row.posted_at, row.captured_at = event.happened_at, event.recorded_at
        case MentionPromoted():
            row.state, row.complaint_id = "promoted", event.complaint_id
        case MentionDismissed():
            row.state, row.reason = "dismissed", event.reason
        case MentionRestored():
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
