"""Every event of the catalogue has its words, and none of them is sealed."""

import string
from typing import Any

import pytest

from services.reporting.trail.wording import SENTENCES, sealed_hidden, what
from shared.events import EVENTS
from shared.events.sealed import Sealed

BOX = {"person": "p", "box": "c2VjcmV0"}


def test_every_event_has_a_sentence_made_of_its_open_fields() -> None:
    assert SENTENCES.keys() == EVENTS.keys()
    for name, (sentence, more) in SENTENCES.items():
        named = {field for _, field, _, _ in string.Formatter().parse(sentence) if field} | set(more)
        fields = EVENTS[name].model_fields
        assert named <= fields.keys(), name
        assert not [field for field in named if Sealed.__name__ in str(fields[field].annotation)], name


def test_codes_are_said_as_people_say_them() -> None:
    decided = {"outcome": "partly-upheld", "redress": "refund", "amount": "12.50", "currency": "GBP"}
    assert what("case.aspect-resolved.v1", decided) == "Aspect decided: partly upheld (refund, 12.50, GBP)"
    assert what("case.aspect-resolved.v1", {"outcome": "withdrawn", "redress": "none"}) == "Aspect decided: withdrawn"
    refused = {"channel": "import", "outcome": "refused", "line": 7, "reasons": ["no id", "no date"]}
    assert what("arrival.recorded.v1", refused) == "Arrival refused, imported file (7, no id; no date)"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"email": BOX, "preferred_channel": "email"}, "Person recorded, to be reached by e-mail"),
        ({"name": BOX, "email": BOX, "preferred_channel": "letter"}, "Person recorded, to be reached by letter"),
        ({"email": None, "phone": BOX, "preferred_channel": "phone"}, "Person recorded, to be reached by phone"),
        ({"name": BOX, "email": None, "preferred_channel": "email"}, "Person recorded, without an e-mail address"),
        ({"preferred_channel": "email"}, "Person recorded, without an e-mail address"),
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
