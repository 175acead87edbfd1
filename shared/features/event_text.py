"""Events in words: the sentence that each event carries, filled with its open fields."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.events import EVENTS, Event
from shared.events.sealed import Sealed
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
    text = _(sentence).format_map(_Spoken(facts, names))
    parts = [_spoken(facts[name]) for name in event.details if facts.get(name) not in (None, "", "none", [])]
    details = ", ".join(part for part in parts if part not in text)
    return f"{text} ({details})" if details else text


class _Spoken(dict[str, str]):
    def __init__(self, facts: Mapping[str, Any], names: Mapping[str, str]) -> None:
        super().__init__({name: _spoken(value) for name, value in facts.items()} | dict(names))

    def __missing__(self, name: str) -> str:
        return _("Aspect") if name == "aspect" else "–"


CODES = {
    "web": "web form", "email": "email", "api": "API", "social": "social media", "import": "imported file",
    "partly-upheld": "partly upheld", "not-upheld": "not upheld", "out-of-scope": "out of scope",
    "final-response": "final response", "survey-invitation": "survey invitation", "face-to-face": "face to face",
    "red-sentiment": "red sentiment",
}  # fmt: skip


def _spoken(value: object) -> str:
    """A code as people say it: `partly-upheld` is partly upheld."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(map(_spoken, value))
    text = str(value)
    return _(CODES.get(text, text))
