"""Write a note for colleagues; the customer never sees it."""

from pydantic import BaseModel, Field

from services.cases.case.actions import work
from services.cases.case.fields import Long
from services.cases.case.state import Case
from shared.events import Event, Provenance
from shared.events.cases import NoteAdded
from shared.events.sealed import Sealed


class AddNote(BaseModel):
    """A note for colleagues; the customer never sees it."""

    text: Long = Field(title="Note", json_schema_extra={"hint": "Only colleagues read this", "enter": "Enter a note"})


@work("/notes", title="Add note", said="Note added", additive=True)
def add_note(case: Case, asked: AddNote, by: Provenance) -> list[Event]:
    """Add a note for colleagues, also to a closed case."""
    return [NoteAdded(**by.after(case), note_id=by.new_id, text=Sealed(case.person_id, asked.text))]
