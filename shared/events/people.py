"""Events of `intake` about people."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from pydantic import Field

from shared.events.base import Event, Upcast
from shared.events.codes import CODES_OPENED, Channel
from shared.events.sealed import Sealed


class PersonEvent(Event):
    topic: ClassVar[str] = "people"


class PersonIdentified(PersonEvent):
    """A person gave their name and how to reach them."""

    type: ClassVar[str] = "person.identified"
    version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = CODES_OPENED
    sentence: ClassVar[str] = "Person recorded, preferred contact {preferred_channel}"
    sentence_without: ClassVar[dict[str, str]] = {"email": "Person recorded, without an email address"}
    introduces: ClassVar[str | None] = "originator_id"

    name: Sealed | None = Field(None, description="As they wrote it.")
    email: Sealed | None = Field(None, description="An address for mail.")
    phone: Sealed | None = Field(None, description="A number, as they wrote it.")
    preferred_channel: Channel = Field(description="How they want to be answered.")
    needs: Sealed | None = Field(None, description="What makes it easier for them, in their words.")


class PersonHeld(PersonEvent):
    """The person's data must be kept for the time being, whatever is asked: a legal hold."""

    type: ClassVar[str] = "person.held"
    sentence: ClassVar[str] = "Hold set until {until}"
    details: ClassVar[tuple[str, ...]] = ("reason",)

    reason: str = Field(description="Why; names nobody.")
    until: date = Field(description="Hold until.")


class PersonHoldLifted(PersonEvent):
    """The hold ended before its day."""

    type: ClassVar[str] = "person.hold-lifted"
    sentence: ClassVar[str] = "Hold lifted"
    details: ClassVar[tuple[str, ...]] = ("reason",)

    reason: str = Field(description="Why; names nobody.")


class ErasureDeferred(PersonEvent):
    """The person asked to be forgotten and will be, when nothing requires their data any more."""

    type: ClassVar[str] = "person.erasure-deferred"
    sentence: ClassVar[str] = "Erasure deferred until {until}"
    details: ClassVar[tuple[str, ...]] = (
        "reason",
        "holds",
    )

    reason: str = Field(description="The ground of the request; names nobody.")
    holds: list[str] = Field(description="What requires the data: rules by name, or `hold`.")
    until: date = Field(description="The first day on which it may be erased, as far as is known.")


class PersonErased(PersonEvent):
    """The person's key is destroyed everywhere; figures stay, words and names are gone."""

    type: ClassVar[str] = "person.erased"
    sentence: ClassVar[str] = "Person erased: their key is destroyed"
    details: ClassVar[tuple[str, ...]] = (
        "reason",
        "override",
        "overridden",
    )

    reason: str = Field(description="The ground of the request; names nobody.")
    override: str | None = Field(None, description="Why the holds in `overridden` were set aside; names nobody.")
    overridden: list[str] | None = Field(None, description="The holds that were set aside, by name.")
