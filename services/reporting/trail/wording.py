"""An event in the audit trail: in words, and raw with its sealed fields closed; from its type and open fields only."""

from collections.abc import Mapping
from typing import Any

from shared.events import EVENTS
from shared.features.event_text import event_text


def what(name: str, payload: Mapping[str, Any]) -> str:
    """One line about an event, by its name with the version."""
    type_ = name.rpartition(".v")[0]
    return event_text(type_, payload) if type_ in EVENTS else name


def sealed_hidden(value: Any) -> Any:
    """The payload with each sealed box named by its person only."""
    if isinstance(value, dict):
        if value.keys() == {"person", "box"}:
            return {"person": value["person"], "box": "sealed"}
        return {key: sealed_hidden(inner) for key, inner in value.items()}
    return [sealed_hidden(inner) for inner in value] if isinstance(value, list) else value
