"""How far a case is: the same for the rules and for the lists."""

from typing import Literal

from shared.events import Event
from shared.events.cases import AspectAssigned, AspectClassified, AspectRaised, AspectResolved, NoteAdded

Status = Literal["new", "open", "resolved", "closed"]


def status_of(*, closed: bool, begun: bool, open_aspects: int) -> Status:
    """The outcome is no status, and nobody sets one: it follows from the work."""
    if closed:
        return "closed"
    if open_aspects == 0:
        return "resolved"
    return "open" if begun else "new"


def begins(event: Event) -> bool:
    """Whether somebody took the case on: an owner, a look at what it is about, a word, a decision."""
    if isinstance(event, AspectAssigned):
        return event.handler is not None
    if isinstance(event, AspectRaised):
        return not event.primary
    return isinstance(event, AspectClassified | AspectResolved | NoteAdded)
