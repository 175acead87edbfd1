"""Every event of the catalogue has its words, and none of them is sealed."""

import string
from typing import Any

import pytest

from services.reporting.trail.wording import sealed_hidden, what
from shared.events import EVENTS
from shared.events.sealed import Sealed

BOX = {"person": "p", "box": "c2VjcmV0"}


def test_every_event_has_a_sentence_made_of_its_open_fields() -> None:
    for name, event in EVENTS.items():
        assert event.sentence, name
        parsed = [string.Formatter().parse(one) for one in (event.sentence, *event.sentence_without.values())]
        named = {field for parts in parsed for _, field, _, _ in parts if field} - {"aspect"} | set(event.details)
        assert named <= event.model_fields.keys(), name
        assert not [f for f in named if Sealed.__name__ in str(event.model_fields[f].annotation)], name


def test_codes_are_said_as_people_say_them() -> None:
    decided = {"outcome": "partly-upheld", "redress": "refund", "amount": "12.50", "currency": "GBP"}
    assert what("case.aspect-resolved.v1", decided) == "Aspect decided: partly upheld (refund, 12.50, GBP)"
    assert what("case.aspect-resolved.v1", {"outcome": "withdrawn", "redress": "none"}) == "Aspect decided: withdrawn"
    corrected = what("case.decision-corrected.v1", decided | {"reason": "Wrong amount"})
    assert corrected == "Aspect decision corrected: partly upheld (refund, 12.50, GBP, Wrong amount)"
    refused = {"channel": "import", "outcome": "refused", "line": 7, "reasons": ["no id", "no date"]}
    assert what("arrival.recorded.v1", refused) == "Arrival refused (imported file) (7, no id; no date)"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"email": BOX, "preferred_channel": "email"}, "Person recorded, preferred contact email"),
        ({"name": BOX, "email": BOX, "preferred_channel": "letter"}, "Person recorded, preferred contact letter"),
        ({"email": None, "phone": BOX, "preferred_channel": "phone"}, "Person recorded, without an email address"),
        ({"name": BOX, "email": None, "preferred_channel": "email"}, "Person recorded, without an email address"),
        ({"preferred_channel": "email"}, "Person recorded, without an email address"),
    ],
)
def test_how_to_reach_a_person_is_said_only_where_they_said_it(given: dict[str, Any], said: str) -> None:
    assert what("person.identified.v1", given) == said


def test_an_event_of_a_newer_release_is_called_by_its_name() -> None:
    assert what("case.frozen.v1", {"x": 1}) == "case.frozen.v1"


def test_a_box_is_shown_as_sealed_wherever_it_stands() -> None:
    payload = {
        "text": {"person": "p", "box": "c2VjcmV0"},
        "answers": [{"text": {"person": "p", "box": "eA=="}}],
        "n": 1,
    }
    hidden = {"person": "p", "box": "sealed"}
    assert sealed_hidden(payload) == {"text": hidden, "answers": [{"text": hidden}], "n": 1}
