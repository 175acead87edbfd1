"""Events of `intake` about people."""

from datetime import date

from pydantic import Field

from shared.events.base import Event
from shared.events.codes import CODES_OPENED, Channel
from shared.events.sealed import Sealed


class PersonEvent(Event):
    topic = "people"


class PersonIdentified(PersonEvent):
    """A person gave their name and how to reach them."""

    type = "person.identified"
    version = 2
    upcasts = CODES_OPENED
    sentence = "Person recorded, preferred contact {preferred_channel}"
    sentence_without = {"email": "Person recorded, without an email address"}
    introduces = "originator_id"

    name: Sealed | None = Field(None, description="As they wrote it.")
    email: Sealed | None = Field(None, description="An address for mail.")
    phone: Sealed | None = Field(None, description="A number, as they wrote it.")
    preferred_channel: Channel = Field(description="How they want to be answered.")
    needs: Sealed | None = Field(None, description="What makes it easier for them, in their words.")


class PersonHeld(PersonEvent):
    """The person's data must be kept for the time being, whatever is asked: a legal hold."""

    type = "person.held"
    sentence = "Hold set until {until}"
    details = ("reason",)

    reason: str = Field(description="Why; names nobody.")
    until: date = Field(description="Hold until.")


class PersonHoldLifted(PersonEvent):
    """The hold ended before its day."""

    type = "person.hold-lifted"
    sentence = "Hold lifted"
    details = ("reason",)

    reason: str = Field(description="Why; names nobody.")


class ErasureDeferred(PersonEvent):
    """The person asked to be forgotten and will be, when nothing requires their data any more."""

    type = "person.erasure-deferred"
    sentence = "Erasure deferred until {until}"
    details = ("reason", "holds")

    reason: str = Field(description="The ground of the request; names nobody.")
    holds: list[str] = Field(description="What requires the data: rules by name, or `hold`.")
    until: date = Field(description="The first day on which it may be erased, as far as is known.")


class PersonErased(PersonEvent):
    """The person's key is destroyed everywhere; figures stay, words and names are gone."""

    type = "person.erased"
    sentence = "Person erased: their key is destroyed"
    details = ("reason", "override", "overridden")

    reason: str = Field(description="The ground of the request; names nobody.")
    override: str | None = Field(None, description="Why the holds in `overridden` were set aside; names nobody.")
    overridden: list[str] | None = Field(None, description="The holds that were set aside, by name.")
