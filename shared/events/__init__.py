"""The catalogue: every event that one service publishes for the others."""

from shared.events import cases, complaints, mentions, people, reports, sentiments, surveys
from shared.events.base import EVENTS, Event, Provenance, UnknownEvent, decode, wire_name

OWNERS = {
    "complaints": "intake",
    "people": "intake",
    "cases": "cases",
    "mentions": "social",
    "sentiments": "sentiment",
    "surveys": "surveys",
    "reports": "reporting",
}
"""Topic -> the one service that writes it."""

__all__ = [
    "EVENTS", "OWNERS", "Event", "Provenance", "UnknownEvent", "cases", "complaints", "decode", "mentions", "people",
    "reports", "sentiments", "surveys", "wire_name",
]  # fmt: skip
