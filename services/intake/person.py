"""A person who complains: who they are, how they want to be answered, and being forgotten."""

from dataclasses import dataclass, replace
from uuid import UUID

from shared.events import By, Event
from shared.events.complaints import Channel
from shared.events.people import PersonErased, PersonIdentified
from shared.problems import RuleBroken
from shared.sealed import words


class PersonAlreadyErased(RuleBroken):
    """The person was erased before: there is nothing left to erase."""


@dataclass(frozen=True, slots=True)
class Person:
    """The state of one person after their events."""

    id: UUID
    version: int
    name: str | None = None
    email: str | None = None
    preferred_channel: Channel = "email"
    erased: bool = False


def evolve(person: Person | None, event: Event) -> Person:
    """Fold one event."""
    state = person or Person(event.originator_id, 0)
    match event:
        case PersonIdentified():
            state = replace(
                state, name=words(event.name), email=words(event.email), preferred_channel=event.preferred_channel
            )
        case PersonErased():
            state = replace(state, name=None, email=None, erased=True)
    return replace(state, version=event.originator_version)


def erase(person: Person, reason: str, by: By) -> list[Event]:
    """Destroy the person's key: everything sealed under it is gone, everywhere and for ever."""
    if person.erased:
        raise PersonAlreadyErased
    return [PersonErased(**by.stamp(person.id, person.version + 1), reason=reason)]
