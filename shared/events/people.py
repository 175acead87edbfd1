"""What `intake` publishes about people."""

from typing import ClassVar

from pydantic import Field

from shared.events.base import Event
from shared.events.complaints import Channel
from shared.sealed import Sealed


class PersonEvent(Event):
    topic: ClassVar[str] = "people"


class PersonIdentified(PersonEvent):
    """A person gave their name and how to reach them."""

    type: ClassVar[str] = "person.identified"
    introduces: ClassVar[str | None] = "originator_id"

    name: Sealed | None = Field(None, description="As they wrote it.")
    email: Sealed | None = Field(None, description="An address for mail.")
    phone: Sealed | None = Field(None, description="A number, as they wrote it.")
    preferred_channel: Channel = Field(description="How they want to be answered.")
    needs: Sealed | None = Field(None, description="What makes it easier for them, in their words.")


class PersonErased(PersonEvent):
    """The person's key is destroyed everywhere; figures stay, words and names are gone."""

    type: ClassVar[str] = "person.erased"

    reason: str = Field(description="The ground of the request; names nobody.")
