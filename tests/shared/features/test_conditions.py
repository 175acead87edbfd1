"""Conditions of rules: checked when they are read, each over the fields that it may name."""

from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.features.conditions import Condition, over

SAMPLES = ({"heat": "red", "score": -0.5, "words": ["fee"]}, {"heat": "green", "score": 1.0, "words": []})
WHEN: TypeAdapter[Condition] = TypeAdapter(Annotated[Condition, over(*SAMPLES)])


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("true", True), ("heat == 'red'", True), ("heat == 'red' && score < -0.8", False),
        ("words.exists(word, word.startsWith('fe'))", True), ("'fee' in words || score > 0", True),
    ],
)  # fmt: skip
def test_it_holds_of_what_it_says(text: str, holds: bool) -> None:
    assert WHEN.validate_python(text).holds({"heat": "red", "score": -0.7, "words": ["fee"]}) is holds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("heat == ", "Failed to parse expression"), ("colour == 'red'", "there is no field colour; there are: heat"),
        ("heat == 'blue' && nobody == 1", "there is no field nobody"), ("heat", "a condition answers true or false"),
        ("score < 'x'", "No such overload"), ("heat == 'green' && score > 'x'", "No such overload"),
        ("glad(heat)", "Undefined variable or function: 'glad'"), (7, "a condition answers true or false"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_when_it_is_read(text: object, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        WHEN.validate_python(text)
