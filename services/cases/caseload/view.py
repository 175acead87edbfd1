"""Which cases are there, how urgent is each, whose is it, and how far is it?

Names and narratives stand in tables of their own: what is long or personal is written once, what moves is small.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from services.cases.case.state import PRIORITIES
from services.cases.case.status import begins, status_of
from services.cases.clocks.due import due
from shared.events.cases import (
    AlertRaised,
    AspectAssigned,
    AspectClassified,
    AspectEvent,
    AspectRaised,
    AspectResolved,
    CaseClosed,
    CaseEvent,
    CaseOpened,
    CaseReopened,
    NoteAdded,
    PriorityChanged,
)
from shared.events.complaints import ComplaintReceived
from shared.events.people import PersonErased, PersonIdentified
from shared.events.sealed import words
from shared.events.sentiments import SentimentMeasured
from shared.projections.view import Table, View

CASE_EVENTS = (
    CaseOpened, AspectRaised, AspectClassified, AspectAssigned, AspectResolved, NoteAdded, PriorityChanged,
    AlertRaised, CaseClosed, CaseReopened,
)  # fmt: skip
TEXT = (
    "to_tsvector('english', coalesce(about, '') || ' ' ||"
    " left(coalesce(narrative, '') || ' ' || coalesce(wanted, ''), 100000))"
)
"""Kept beside the text: to make it takes far longer than to ask it. Cut, for PostgreSQL refuses vectors above 1 MB."""
HEATS = ("green", "amber", "red")
NAME = "to_tsvector('simple', coalesce(name, ''))"


@dataclass(slots=True)
class CaseRow:
    """`parts` are the aspects as far as lists need them, in the order in which they were raised.

    `owner` is who answers for the case, `owners` are all who have something left to do in it; none is null.
    """

    case_id: UUID
    version: int = 0
    reference: str | None = None
    person_id: UUID | None = None
    organisation: str | None = None
    region: str | None = None
    channel: str | None = None
    product: str | None = None
    issue: str | None = None
    priority: str = "normal"
    urgency: int = 1
    status: str | None = None
    owner: str | None = None
    owners: list[str] | None = None
    open_aspects: int = 0
    total_aspects: int = 0
    score: float | None = None
    heat: str | None = None
    alert: str | None = None
    begun: bool = False
    round: int = 1
    received_at: datetime | None = None
    due_at: datetime | None = None
    closed_at: datetime | None = None
    invented: bool = False
    parts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Complainant:
    person_id: UUID
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    needs: str | None = None
    preferred_channel: str | None = None
    erased_at: datetime | None = None


@dataclass(slots=True)
class CaseWords:
    """What a case is found by; `about` keeps every product, issue and firm that it was ever said to be about."""

    case_id: UUID
    person_id: UUID | None = None
    reference: str | None = None
    about: str | None = None
    narrative: str | None = None
    wanted: str | None = None


cases = Table(
    "caseload", CaseRow,
    indexes=[
        "btree ((-urgency), due_at, case_id) where closed_at is null",
        "btree (due_at, case_id) where closed_at is null",
        "btree (coalesce(score, 2), case_id) where closed_at is null",
        "btree (owner, due_at) where closed_at is null",
        "gin (owners) where owners is not null",
        "btree ((-urgency), due_at, case_id) where closed_at is null and (heat = 'red' or alert is not null)",
        "btree (closed_at, case_id) where closed_at is not null",
        "btree (received_at, case_id)",
        "btree (product, received_at)",
        "btree (person_id)",
    ],
)  # fmt: skip
complainants = Table(
    "complainants", Complainant, person="person_id", personal=["name", "email", "phone", "needs"],
    indexes=[f"gin ({NAME})"],
)  # fmt: skip
case_words = Table(
    "case_words", CaseWords, person="person_id", personal=["narrative", "wanted"],
    computed={"found_by": ("tsvector", TEXT)}, indexes=["gin (found_by)", "btree (reference)"],
)  # fmt: skip
caseload = View("caseload", version=4, tables=[cases, complainants, case_words])


@cases.on(*CASE_EVENTS)
def worked(row: CaseRow, event: CaseEvent) -> None:
    """One aggregate's events come in order; all that a list shows follows from them."""
    row.version, row.begun = event.originator_version, row.begun or begins(event)
    match event:
        case CaseOpened():
            row.reference, row.person_id, row.channel = event.reference, event.person_id, event.channel
            row.organisation, row.region, row.invented = event.organisation, event.region, event.invented
            row.received_at, row.due_at = event.received_at, due(event.received_at)
            row.priority = event.priority
        case PriorityChanged():
            row.priority = event.priority
        case AlertRaised():
            row.alert = event.kind
        case CaseClosed():
            row.closed_at, row.alert = event.recorded_at, None
        case CaseReopened():
            row.closed_at, row.round = None, row.round + 1
        case AspectRaised() | AspectClassified() | AspectAssigned() | AspectResolved():
            _change_part(row, event)
    _summarise(row)


def _change_part(row: CaseRow, event: AspectRaised | AspectClassified | AspectAssigned | AspectResolved) -> None:
    if isinstance(event, AspectRaised):
        row.parts.append({"id": str(event.aspect_id), "primary": event.primary, "owner": None, "decided_in": None})
    part = next(part for part in row.parts if part["id"] == str(event.aspect_id))
    match event:
        case AspectRaised() | AspectClassified():
            part["product"], part["issue"] = event.product, event.issue
        case AspectAssigned():
            part["owner"] = event.handler
        case AspectResolved():
            part["decided_in"] = row.round


def _summarise(row: CaseRow) -> None:
    """The owner is the primary aspect's, else that of the first that is still open: not decided in this round."""
    closed = row.closed_at is not None
    undecided = [] if closed else [part for part in row.parts if part["decided_in"] != row.round]
    row.open_aspects, row.total_aspects = len(undecided), len(row.parts)
    row.urgency = PRIORITIES.index(row.priority)
    primary = [part for part in row.parts if part["primary"]]
    row.owner = next((part["owner"] for part in primary + undecided if part["owner"]), None)
    row.owners = sorted({part["owner"] for part in primary + undecided if part["owner"]}) or None
    for part in primary:
        row.product, row.issue = part["product"], part["issue"]
    row.status = status_of(closed=closed, begun=row.begun, open_aspects=row.open_aspects if row.parts else 1)


@cases.on(SentimentMeasured, key=lambda event: event.subject_id if event.subject == "complaint" else None)
def measured(row: CaseRow, event: SentimentMeasured) -> None:
    """The worst counts: a polite wish does not cool an angry story, and the order of the two does not matter."""
    row.score = event.score if row.score is None else min(row.score, event.score)
    row.heat = max(row.heat or "green", event.heat, key=HEATS.index)


@complainants.on(PersonIdentified)
def identified(row: Complainant, event: PersonIdentified) -> None:
    row.name, row.email, row.phone = words(event.name), words(event.email), words(event.phone)
    row.needs, row.preferred_channel = words(event.needs), event.preferred_channel


@complainants.on(PersonErased)
def erased(row: Complainant, event: PersonErased) -> None:
    row.erased_at = event.recorded_at


@case_words.on(ComplaintReceived)
def told(row: CaseWords, event: ComplaintReceived) -> None:
    row.person_id, row.reference, row.narrative = event.person_id, event.reference, words(event.narrative)
    row.wanted = words(event.wanted)
    _mention(row, event.organisation, event.product, event.sub_product, event.issue, event.sub_issue)


@case_words.on(AspectRaised, AspectClassified)
def said(row: CaseWords, event: AspectEvent) -> None:
    assert isinstance(event, AspectRaised | AspectClassified)
    _mention(row, event.product, event.sub_product, event.issue, event.sub_issue)


def _mention(row: CaseWords, *terms: str | None) -> None:
    """A set, so that what comes twice or in another order changes nothing, also no index."""
    known = {line for term in (row.about, *terms) if term for line in term.splitlines()}
    row.about = "\n".join(sorted(known)) or None
