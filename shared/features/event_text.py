"""Events in words: the sentence that each event carries, filled with its open fields."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.events import EVENTS, Event
from shared.events.codes import Code
from shared.events.sealed import Sealed
from shared.features.codes import LISTS
from shared.web.templating import gettext as _

STAMP = frozenset(Event.model_fields)
"""The fields that every event has."""


def facts_of(event: Event) -> dict[str, Any]:
    """The open fields of the event, as JSON has them; without what every event has."""
    sealed = sealed_of(event)
    facts = event.model_dump(mode="json", exclude={*STAMP, *sealed}, exclude_none=True)
    return {name: value for name, value in facts.items() if not isinstance(value, dict)}


def sealed_of(event: Event) -> dict[str, Sealed]:
    """The fields that are sealed under a person's key."""
    return {name: value for name in type(event).model_fields if isinstance(value := getattr(event, name), Sealed)}


def event_text(kind: str, facts: Mapping[str, Any], **names: str) -> str:
    """One line about an event of this type; a type that this code does not know is called by its name.

    `names` are what the page knows better, such as the aspect's own name for `aspect`.
    """
    event = EVENTS.get(kind)
    if event is None or not event.sentence:
        return kind
    missing = next((field for field in event.sentence_without if facts.get(field) in (None, "")), None)
    sentence = event.sentence_without[missing] if missing else event.sentence
    said = {name: _spoken(event, name, value) for name, value in facts.items()}
    text = _(sentence).format_map(_Spoken(said | names))
    parts = [said[name] for name in event.details if facts.get(name) not in (None, "", "none", [])]
    details = ", ".join(part for part in parts if part not in text)
    return f"{text} ({details})" if details else text


class _Spoken(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return _("Aspect") if name == "aspect" else "–"


def _spoken(event: type[Event], name: str, value: object) -> str:
    """A code by its label, everything else as it is."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(_(str(one)) for one in value)
    field = event.model_fields.get(name)
    code = next((mark for mark in field.metadata if isinstance(mark, Code)), None) if field else None
    return LISTS[code.list].spoken(str(value)) if code else _(str(value))
