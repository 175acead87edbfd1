"""Work a case sooner or later."""

from typing import Annotated

from pydantic import BaseModel, Field

from services.cases.case.actions import work
from services.cases.case.fields import Short
from services.cases.case.state import Case
from shared.events import Event, Provenance
from shared.events.cases import PriorityChanged
from shared.features.action import Undo
from shared.features.codes import PRIORITIES

BY_HAND = "Set by hand"


class ChangePriority(BaseModel):
    """The new priority of a case."""

    priority: Annotated[str, PRIORITIES] = Field(title="Priority", json_schema_extra={"enter": "Select a priority"})
    reason: Short = Field(BY_HAND, title="Reason", description="Names nobody.")


@work(
    "/priority", title="Change priority", button="Set priority", said="Priority changed",
    undo=lambda case: Undo("/priority", {"priority": case.priority}), panel=lambda case: not case.closed,
)  # fmt: skip
def change_priority(case: Case, asked: ChangePriority, by: Provenance) -> list[Event]:
    """Work the case sooner or later; the same again changes nothing."""
    case.ensure_open()
    if case.priority == asked.priority:
        return []
    return [PriorityChanged(**by.after(case), priority=asked.priority, reason=asked.reason)]


def raise_priority(case: Case, priority: str, reason: str, by: Provenance) -> list[Event]:
    """Never lower, and nothing for a closed case: a rule may do this without asking."""
    if case.closed or urgency(priority) <= urgency(case.priority):
        return []
    return [PriorityChanged(**by.after(case), priority=priority, reason=reason)]


def urgency(priority: str) -> int:
    """One that is no more on the list is worked as normal ones are."""
    return (PRIORITIES.entry(priority) or PRIORITIES.entries()["normal"]).urgency
