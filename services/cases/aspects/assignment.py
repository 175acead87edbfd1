"""Assign an aspect, or all that nobody owns in a case, to an owner."""

from uuid import UUID

from pydantic import BaseModel, Field

from services.cases.case.actions import work
from services.cases.case.fields import Account
from services.cases.case.state import Case
from shared.events import Event, Provenance
from shared.events.cases import AspectAssigned
from shared.features.action import Undo
from shared.problems import RuleBroken


class OwnedByOthers(RuleBroken):
    """Someone else owns this case. To take it over, open it and reassign it."""


class AssignAspect(BaseModel):
    """The owner of an aspect; none unassigns it."""

    handler: Account | None = Field(
        title="Owner", description="An account, for example `ines@example.org`; null unassigns the aspect.",
        json_schema_extra={"hint": "Leave blank to unassign"},
    )  # fmt: skip


def _said(_: Case, asked: AssignAspect, actor: str) -> str:
    if asked.handler is None:
        return "Unassigned"
    return "Assigned to you" if asked.handler == actor else "Assigned"


def _undo(case: Case, aspect_id: UUID) -> Undo:
    return Undo(f"/aspects/{aspect_id}/assignment", {"handler": case.aspect(aspect_id).handler or ""})


@work("/aspects/{aspect_id}/assignment", title="Reassign", button="Assign", said=_said, undo=_undo)
def assign_aspect(case: Case, aspect_id: UUID, asked: AssignAspect, by: Provenance) -> list[Event]:
    """Assign the aspect to an owner, or to nobody with null; the same again changes nothing."""
    case.ensure_open()
    if case.aspect(aspect_id).handler == asked.handler:
        return []
    return [AspectAssigned(**by.after(case), aspect_id=aspect_id, handler=asked.handler)]


def assign_case(case: Case, handler: str, by: Provenance) -> list[Event]:
    """Assign what nobody owns; a colleague's is never taken. Refused where nothing is left."""
    case.ensure_open()
    ids = [aspect.id for aspect in case.to_own if aspect.handler is None]
    if not ids and handler not in {aspect.handler for aspect in case.to_own}:
        raise OwnedByOthers
    return [AspectAssigned(**by.after(case, n), aspect_id=id_, handler=handler) for n, id_ in enumerate(ids, 1)]
