"""A person who complains: who they are, how they want to be answered, and being forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from shared.events import Event, Provenance
from shared.events.people import ErasureDeferred, PersonErased, PersonHeld, PersonHoldLifted, PersonIdentified
from shared.events.sealed import Sealed, plaintext
from shared.problems import RuleBroken


class PersonAlreadyErased(RuleBroken):
    """This person has already been erased."""


class HoldNotOverridable(RuleBroken):
    """The law requires this person's data to be kept, and this cannot be overridden. Defer the erasure instead."""


class NothingToOverride(RuleBroken):
    """Nothing requires this person's data. Erase them without an override."""


class NoHold(RuleBroken):
    """There is no hold on this person to lift."""


class HoldIsPast(RuleBroken):
    """Enter a date after today."""

    field = "until"


PERSONAL = ("name", "email", "phone", "needs")


@dataclass(frozen=True, slots=True)
class Contact:
    """The complainant and how to reach them."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    preferred_channel: str = "email"
    needs: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Something that requires a person's data until a day: a rule of retention, or `hold` for one set on the person."""

    name: str
    until: date
    may_be_overridden: bool


@dataclass(frozen=True, slots=True)
class Person:
    """The state of one person after their events."""

    id: UUID
    version: int
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    needs: str | None = None
    preferred_channel: str = "email"
    erased: bool = False
    held_until: date | None = None
    deferred_until: date | None = None


def evolve(person: Person | None, event: Event) -> Person:
    """Fold one event."""
    state = person or Person(event.originator_id, 0)
    match event:
        case PersonIdentified():
            opened: dict[str, Any] = {name: plaintext(getattr(event, name)) for name in PERSONAL}
            state = replace(state, preferred_channel=event.preferred_channel, **opened)
        case PersonHeld() | PersonHoldLifted():
            until = event.until if isinstance(event, PersonHeld) else None
            again = state.deferred_until and event.recorded_at.date()  # what was deferred is decided anew
            state = replace(state, held_until=until, deferred_until=again)
        case ErasureDeferred():
            state = replace(state, deferred_until=event.until)
        case PersonErased():
            state = replace(state, name=None, email=None, phone=None, needs=None, erased=True)
    return replace(state, version=event.originator_version)


def identify(person_id: UUID, contact: Contact, by: Provenance) -> PersonIdentified:
    """A person we have not met before."""
    sealed = {name: Sealed.of(person_id, getattr(contact, name)) for name in PERSONAL}
    return PersonIdentified(**by.stamp(person_id, 1), preferred_channel=contact.preferred_channel, **sealed)


def is_theirs(person: Person, contact: Contact) -> bool:
    """True if the contact details are this person's; an address alone may be shared, and anyone can type it.

    A name, number or need that differs is neither dropped nor written over theirs: it makes a person of its own.
    """
    given = ((contact.name, person.name), (contact.phone, person.phone), (contact.needs, person.needs))
    return (
        not person.erased
        and (contact.email or "").casefold() == (person.email or "").casefold()
        and contact.preferred_channel in ("email", person.preferred_channel)  # what is said where nothing was chosen
        and all(new is None or new.casefold() == (known or "").casefold() for new, known in given)
    )


def hold(person: Person, until: date, reason: str, by: Provenance) -> list[Event]:
    """Keep the person's data until that day, whatever is asked; a later hold takes the place of an earlier one."""
    if person.erased:
        raise PersonAlreadyErased
    if until <= by.at.date():
        raise HoldIsPast
    return [PersonHeld(**by.stamp(person.id, person.version + 1), reason=reason, until=until)]


def lift(person: Person, reason: str, by: Provenance) -> list[Event]:
    """End the hold; rules of retention stay."""
    if person.held_until is None:
        raise NoHold
    return [PersonHoldLifted(**by.stamp(person.id, person.version + 1), reason=reason)]


def holding(person: Person, retention: Sequence[Hold], today: date) -> list[Hold]:
    """Rules and holds that require the person's data today."""
    own = [Hold("hold", person.held_until, True)] if person.held_until else []
    return [one for one in (*own, *retention) if one.until > today]


def erase(
    person: Person, reason: str, by: Provenance, *, retention: Sequence[Hold] = (), override: str | None = None
) -> list[Event]:
    """Destroy the person's key: everything sealed under it is gone, everywhere and for ever. Deferred while it is held,
    unless what holds it may be set aside and is."""
    if person.erased:
        raise PersonAlreadyErased
    holds = holding(person, retention, by.at.date())
    stamp = by.stamp(person.id, person.version + 1)
    if override is not None:
        if not holds:
            raise NothingToOverride
        if not all(one.may_be_overridden for one in holds):
            raise HoldNotOverridable
        return [PersonErased(**stamp, reason=reason, override=override, overridden=[one.name for one in holds])]
    if not holds:
        return [PersonErased(**stamp, reason=reason)]
    until = max(one.until for one in holds)
    if until == person.deferred_until:
        return []
    return [ErasureDeferred(**stamp, reason=reason, holds=[one.name for one in holds], until=until)]
