"""The decisions of a case by their fields, as tests call them."""

from dataclasses import asdict, replace
from decimal import Decimal
from uuid import UUID

from services.cases.alerts.alert import raise_alert
from services.cases.aspects import assignment, classification, raising, resolution
from services.cases.aspects.assignment import AssignAspect, assign_case
from services.cases.aspects.classification import ClassifyAspect
from services.cases.aspects.raising import RaiseAspect
from services.cases.aspects.resolution import ResolveAspect
from services.cases.case.state import Case, Subject
from services.cases.closing import closing
from services.cases.closing.closing import ReopenCase, close_case
from services.cases.notes import note
from services.cases.notes.note import AddNote
from services.cases.opening.policy import open_case
from services.cases.priority import priority
from services.cases.priority.priority import ChangePriority, raise_priority
from shared.events import Event, Provenance

__all__ = ["assign_case", "close_case", "open_case", "raise_alert", "raise_priority"]


def decision(
    outcome: str, redress: str = "none", amount: Decimal | None = None, currency: str | None = None,
    root_cause: str | None = None, explanation: str | None = None,
) -> ResolveAspect:  # fmt: skip
    return ResolveAspect(
        outcome=outcome, redress=redress, amount=amount, currency=currency, root_cause=root_cause,
        explanation=explanation,
    )  # fmt: skip


def raise_aspect(case: Case, aspect_id: UUID, subject: Subject, summary: str | None, by: Provenance) -> list[Event]:
    return raising.raise_aspect(case, RaiseAspect(**asdict(subject), summary=summary), replace(by, new_id=aspect_id))


def classify_aspect(case: Case, aspect_id: UUID, subject: Subject, by: Provenance) -> list[Event]:
    return classification.classify_aspect(case, aspect_id, ClassifyAspect(**asdict(subject)), by)


def assign_aspect(case: Case, aspect_id: UUID, handler: str | None, by: Provenance) -> list[Event]:
    return assignment.assign_aspect(case, aspect_id, AssignAspect(handler=handler), by)


def resolve_aspect(case: Case, aspect_id: UUID, asked: ResolveAspect, by: Provenance) -> list[Event]:
    return resolution.resolve_aspect(case, aspect_id, asked, by)


def add_note(case: Case, note_id: UUID, text: str, by: Provenance) -> list[Event]:
    return note.add_note(case, AddNote(text=text), replace(by, new_id=note_id))


def change_priority(case: Case, level: str, reason: str, by: Provenance) -> list[Event]:
    return priority.change_priority(case, ChangePriority(priority=level, reason=reason), by)


def reopen_case(case: Case, reason: str, by: Provenance) -> list[Event]:
    return closing.reopen_case(case, ReopenCase(reason=reason), by)
