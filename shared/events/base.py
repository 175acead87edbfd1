"""The form of every published event, and the registry that finds its class by wire name and version."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol
from uuid import UUID, uuid4

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Upcast = Callable[[dict[str, Any]], dict[str, Any]]

EVENTS: dict[str, type["Event"]] = {}


class UnknownEvent(ValueError):
    """A type or version that this code does not know: written by a newer release, or by a stranger."""


class Event(BaseModel):
    """A fact. Its JSON is stored once and sent to Kafka unchanged; what is about it travels in headers."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    topic: ClassVar[str]
    type: ClassVar[str]
    version: ClassVar[int] = 1
    sentence: ClassVar[str] = ""
    """The event in words, with its open fields in braces: for the timeline, the audit trail and the catalogue."""
    details: ClassVar[tuple[str, ...]] = ()
    """Fields that follow the sentence in brackets, where the event has them."""
    sentence_without: ClassVar[Mapping[str, str]] = {}
    """Sentences for events without a field, by the field's name."""
    introduces: ClassVar[str | None] = None
    """The field that holds a person who may be met here for the first time, and so needs a key."""
    upcasts: ClassVar[Mapping[int, Upcast]] = {}
    """From version n to n + 1, on the decoded JSON."""

    originator_id: UUID = Field(description="The aggregate that the event belongs to; the record's key.")
    originator_version: int = Field(ge=1, description="Its place among the aggregate's events, from 1.")
    actor: str = Field(description="Who did it: an account, `customer`, or the service and rule.")
    recorded_at: AwareDatetime = Field(description="When it was written down.")
    occurred_at: AwareDatetime | None = Field(None, description="When it happened, where that was earlier.")
    caused_by: str | None = Field(None, description="The id of the event that led to this one.")

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if "type" in cls.__dict__:
            if cls.type in EVENTS and EVENTS[cls.type].__qualname__ != cls.__qualname__:
                raise TypeError(f"two events are called {cls.type}")
            EVENTS[cls.type] = cls

    @property
    def id(self) -> str:
        """Unique over all topics, and the same however often the event is sent (`ce_id`)."""
        return f"{self.topic}/{self.originator_id}/{self.originator_version}"

    @property
    def happened_at(self) -> datetime:
        """The time at which it happened in the world: clocks run from here."""
        return self.occurred_at or self.recorded_at


def wire_name(event: type[Event] | Event) -> str:
    """The stored and sent name with its version (`case.aspect-raised.v1`)."""
    return f"{event.type}.v{event.version}"


def decode(name: str, state: bytes, keys: object = None) -> Event:
    """Read an event of any version that was ever published; `keys` opens its sealed fields."""
    type_, _, number = name.rpartition(".v")
    known = EVENTS.get(type_)
    if known is None or not number.isdigit() or int(number) > known.version:
        raise UnknownEvent(f"no event is called {name}")
    if int(number) == known.version:
        return known.model_validate_json(state, context=keys)
    fields = orjson.loads(state)
    for version in range(int(number), known.version):
        fields = known.upcasts[version](fields)
    return known.model_validate_json(orjson.dumps(fields), context=keys)


class Versioned(Protocol):
    """An aggregate's state: its id, and the number of its last event."""

    @property
    def id(self) -> UUID: ...
    @property
    def version(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Provenance:
    """The actor, the time and the cause of a decision, stamped on its events."""

    actor: str
    at: datetime
    caused_by: str | None = None
    occurred_at: datetime | None = None
    new_id: UUID = field(default_factory=uuid4, compare=False)
    """The id of what the decision makes; the same when a request with a key is sent again."""

    def after(self, state: Versioned, n: int = 1) -> dict[str, Any]:
        """`stamp` for the n-th event after the state that was decided on."""
        return self.stamp(state.id, state.version + n)

    def stamp(self, originator_id: UUID, version: int) -> dict[str, Any]:
        """The fields that every event has, for the aggregate's event number `version`."""
        return {
            "originator_id": originator_id,
            "originator_version": version,
            "actor": self.actor,
            "recorded_at": self.at,
            "occurred_at": self.occurred_at,
            "caused_by": self.caused_by,
        }
