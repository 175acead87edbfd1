"""Log a call, a meeting or a letter: with whom, when, what was said and agreed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from services.cases.case.actions import work
from services.cases.case.fields import Long
from services.cases.case.state import Case
from shared.events import Event, Provenance
from shared.events.cases import ContactLogged
from shared.events.sealed import Sealed
from shared.features.action import Created
from shared.features.codes import CHANNELS
from shared.problems import Unprocessable
from shared.web.templating import gettext as _


class ContactInFuture(Unprocessable):
    """Enter a date and time in the past."""

    field = "happened_at"


class Ways:
    """The channels by which people talk outside the system."""

    def options(self) -> Sequence[tuple[str, str]]:
        return [(code, CHANNELS[code]) for code, entry in CHANNELS.entries().items() if entry.contact]


class Directions:
    def options(self) -> Sequence[tuple[str, str]]:
        return [("in", _("The customer contacted us")), ("out", _("We contacted the customer"))]


class LogContact(BaseModel):
    """A conversation outside the system."""

    channel: Annotated[str, CHANNELS, Ways()] = Field(
        title="Type of contact", json_schema_extra={"enter": "Select the type of contact"}
    )
    direction: Annotated[Literal["in", "out"], Directions()] = Field(
        "in", title="Direction", json_schema_extra={"kind": "radios", "enter": "Select who made contact"}
    )
    happened_at: AwareDatetime | None = Field(
        None,
        title="Date and time",
        description="Now if it is left out.",
        json_schema_extra={"hint": "Leave blank for now"},
    )
    summary: Long = Field(title="What was said", json_schema_extra={"enter": "Enter what was said"})
    agreed: Long | None = Field(None, title="What was agreed")


@work("/contacts", title="Log contact", button="Save contact", said="Contact logged", answer=Created, additive=True)
def log_contact(case: Case, asked: LogContact, by: Provenance) -> list[Event]:
    """Log a call, a meeting or a letter, also about a closed case."""
    if asked.happened_at and asked.happened_at > by.at:
        raise ContactInFuture
    return [
        ContactLogged(
            **replace(by, occurred_at=asked.happened_at).after(case), contact_id=by.new_id, channel=asked.channel,
            direction=asked.direction, summary=Sealed(case.person_id, asked.summary),
            agreed=Sealed.of(case.person_id, asked.agreed),
        )
    ]  # fmt: skip
