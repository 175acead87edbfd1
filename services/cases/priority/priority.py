"""Work a case sooner or later."""

from pydantic import BaseModel, Field

from services.cases.case.actions import work
from services.cases.case.fields import Short
from services.cases.case.state import Case
from shared.events import Event, Provenance
from shared.events.cases import Priority, PriorityChanged
from shared.features.action import Undo

PRIORITIES: tuple[Priority, ...] = ("low", "normal", "high", "urgent")
BY_HAND = "Set by hand"


class ChangePriority(BaseModel):
    """The new priority of a case."""

    priority: Priority = Field(title="Priority", json_schema_extra={"enter": "Select a priority"})
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


def raise_priority(case: Case, priority: Priority, reason: str, by: Provenance) -> list[Event]:
    """Never lower, and nothing for a closed case: a rule may do this without asking."""
    if case.closed or PRIORITIES.index(priority) <= PRIORITIES.index(case.priority):
        return []
    return [PriorityChanged(**by.after(case), priority=priority, reason=reason)]
