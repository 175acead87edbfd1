"""View of the caseload: status, urgency, owner and deadline of each case.

Names and narratives stand in tables of their own: what is long or personal is written once, what moves is small.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.cases.case.state import Case, evolve
from services.cases.priority.priority import urgency
from shared.events.cases import AspectClassified, AspectEvent, AspectRaised, CaseEvent
from shared.events.complaints import ComplaintReceived, MessageReceived
from shared.events.people import PersonErased, PersonIdentified
from shared.events.sentiments import SentimentMeasured
from shared.features.codes import ALERTS
from shared.projections.view import Table, View, copy

TEXT = (
    "to_tsvector('english', coalesce(about, '') || ' ' ||"
    " left(coalesce(narrative, '') || ' ' || coalesce(wanted, ''), 100000))"
)
"""Kept beside the text: to make it takes far longer than to ask it. Cut, for PostgreSQL refuses vectors above 1 MB."""
HEATS = ("green", "amber", "red")
NAME = "to_tsvector('simple', coalesce(name, ''))"


@dataclass(slots=True)
class CaseRow:
    """`owner` answers for the case, `owners` are all who have something left to do in it; without any it is null.
    `unassigned` says that something in it still needs an owner."""

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
    unassigned: bool = False
    open_aspects: int = 0
    total_aspects: int = 0
    score: float | None = None
    heat: str | None = None
    alert: str | None = None
    received_at: datetime | None = None
    due_at: datetime | None = None
    closed_at: datetime | None = None
    answered_at: datetime | None = None
    message_at: datetime | None = None
    resume_at: datetime | None = None
    invented: bool = False
    state: bytes | None = None


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
    """Text by which a case is found; `about` keeps every product, issue and firm that it was ever classified under."""

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
        "btree ((-urgency), due_at, case_id) where closed_at is null and unassigned",
        "gin (owners) where owners is not null",
        "btree ((-urgency), due_at, case_id) where closed_at is null and (heat = 'red' or alert is not null)",
        "btree (closed_at, case_id) where closed_at is not null",
        "btree (received_at, case_id)",
        "btree (product, received_at)",
        "btree (person_id)",
        "btree (resume_at) where resume_at is not null",
        "btree (message_at, case_id) where closed_at is null and message_at > coalesce(answered_at, '-infinity')",
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
caseload = View("caseload", version=7, tables=[cases, complainants, case_words])


@cases.of_aggregate(CaseEvent, Case, evolve)
def row_of(row: CaseRow, case: Case) -> None:
    """The owner is the primary aspect's, else that of the first that is open."""
    copy(row, case)
    row.status, row.due_at = case.status, case.due_at
    row.resume_at = case.wait.until if case.wait else None
    row.urgency = urgency(case.priority)
    row.alert = next((kind for kind in (*ALERTS.entries(), *case.alerts) if kind in case.alerts), None)
    undecided = () if case.closed else case.open_aspects
    row.open_aspects, row.total_aspects = len(undecided), len(case.aspects)
    primary = tuple(aspect for aspect in case.aspects if aspect.primary)
    owners = [aspect.handler for aspect in primary + undecided if aspect.handler]
    row.owner, row.owners = next(iter(owners), None), sorted(set(owners)) or None
    row.unassigned = any(aspect.handler is None for aspect in case.to_own)
    for aspect in primary:
        row.product, row.issue = aspect.subject.product, aspect.subject.issue


@cases.on(SentimentMeasured, key=lambda event: event.subject_id if event.subject == "complaint" else None)
def measured(row: CaseRow, event: SentimentMeasured) -> None:
    """The worst counts: a polite wish does not cool an angry story, and the order of the two does not matter."""
    row.score = event.score if row.score is None else min(row.score, event.score)
    row.heat = max(row.heat or "green", event.heat, key=HEATS.index)


@cases.on(MessageReceived, key=lambda event: event.complaint_id)
def wrote(row: CaseRow, event: MessageReceived) -> None:
    row.message_at = max(row.message_at or event.recorded_at, event.recorded_at)


@complainants.on(PersonIdentified)
def identified(row: Complainant, event: PersonIdentified) -> None:
    copy(row, event)


@complainants.on(PersonErased)
def erased(row: Complainant, event: PersonErased) -> None:
    row.erased_at = event.recorded_at


@case_words.on(ComplaintReceived)
def told(row: CaseWords, event: ComplaintReceived) -> None:
    copy(row, event)
    _mention(row, event.organisation, event.product, event.sub_product, event.issue, event.sub_issue)


@case_words.on(AspectRaised, AspectClassified)
def said(row: CaseWords, event: AspectEvent) -> None:
    assert isinstance(event, AspectRaised | AspectClassified)
    _mention(row, event.product, event.sub_product, event.issue, event.sub_issue)


def _mention(row: CaseWords, *terms: str | None) -> None:
    """A set, so that what comes twice or in another order changes nothing, also no index."""
    known = {line for term in (row.about, *terms) if term for line in term.splitlines()}
    row.about = "\n".join(sorted(known)) or None


def state_of(row: Mapping[str, Any]) -> Case:
    """The case as the rules know it, from its row."""
    state = cases.aggregate and cases.aggregate.load(row["state"])
    assert isinstance(state, Case)
    return state


def is_unread(row: Mapping[str, Any]) -> bool:
    """True if the customer wrote after we last answered."""
    return bool(row["message_at"]) and (row["answered_at"] is None or row["message_at"] > row["answered_at"])
