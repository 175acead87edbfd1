"""Questionnaires are data, checked before anything is asked with them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from services.surveys.questionnaire.definition import Questionnaire, Questionnaires, load_questionnaires
from shared.features.config import ConfigNotValid, read

GOOD = """
name = "short"
version = {version}
effective_from = {since}
open_for_days = 10
title = "How was it?"

[[questions]]
name = "ease"
kind = "choice"
text = "How easy was it?"
options = [{options}]
"""
ONE = TypeAdapter(Questionnaire)
OPTIONS = '{ value = 1, label = "Hard" }, { value = 2, label = "Easy" }'


def write(folder: Path, *, version: int = 1, since: str = "2025-01-01", options: str = OPTIONS) -> Path:
    path = folder / f"short.v{version}.toml"
    path.write_text(GOOD.format(version=version, since=since, options=options))
    return path


def test_the_questionnaire_that_is_shipped_asks_for_ease_fairness_clarity_speed_and_words() -> None:
    asked = load_questionnaires().get("handling.v1")
    assert asked is not None
    assert [question.name for question in asked.questions] == ["ease", "fairness", "clarity", "speed", "comment"]
    assert {tuple(o.value for o in q.options) for q in asked.questions if q.kind == "choice"} == {(1, 2, 3, 4, 5)}


def test_the_last_version_to_take_effect_is_asked(tmp_path: Path) -> None:
    write(tmp_path, version=1, since="2025-01-01")
    write(tmp_path, version=2, since="2026-01-01")
    found = Questionnaires([read(path, ONE) for path in tmp_path.iterdir()])
    at = [found.at(datetime(year, 6, 1, tzinfo=UTC)) for year in (2024, 2025, 2026)]
    assert [one and one.id for one in at] == [None, "short.v1", "short.v2"]


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ("", "short.v1.toml:8: questions.0: question ease: a choice needs two options or more"),
        ('{ value = 2, label = "Easy" }, { value = 1, label = "Hard" }', "question ease: the options' values ascend"),
        ('{ value = 1, label = "" }, { value = 2, label = "Easy" }', "short.v1.toml:12: questions.0.options.0.label"),
        ('{ value = 1, label = "Hard\ufffe" }, { value = 2, label = "Easy" }', "U+FFFE is no character"),
        ('{ value = 1, label = "Hard" ', "short.v1.toml"),
    ],
)
def test_a_file_that_breaks_a_rule_is_named_with_the_rule(tmp_path: Path, options: str, rule: str) -> None:
    path = write(tmp_path, options=options)
    with pytest.raises(ConfigNotValid, match=r"short\.v1\.toml") as found:
        read(path, ONE)
    assert rule in str(found.value)


def test_the_file_is_called_what_it_says_it_is(tmp_path: Path) -> None:
    path = write(tmp_path).rename(tmp_path / "other.v1.toml")
    with pytest.raises(ConfigNotValid, match=r"the file is short\.v1\.toml"):
        read(path, ONE)
