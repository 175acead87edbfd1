"""The list of root causes is checked when it is read, and an error names what is wrong."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.cases.root_causes.definition import load_root_causes

HEAD = 'version = "1"\neffective_from = 2026-01-01\n'


def test_the_list_that_is_shipped_can_be_read() -> None:
    assert load_root_causes().names["system-error"] == "System error"


@pytest.mark.parametrize(
    ("rest", "wrong"),
    [
        ('[[causes]]\ncode = "a"\nname = "A"\n[[causes]]\ncode = "a"\nname = "B"', "twice: a"),
        ('[[causes]]\ncode = "Not a code"\nname = "A"', "causes.0.code"),
        ('[[causes]]\ncode = "a"\nname = "A"\nweight = 1', "causes.0.weight"),
        ("causes = []", "causes"),
    ],
)
def test_a_list_that_is_wrong_says_where(tmp_path: Path, rest: str, wrong: str) -> None:
    (tmp_path / "list.toml").write_text(HEAD + rest)
    with pytest.raises(ValidationError, match=wrong):
        load_root_causes(tmp_path / "list.toml")
