"""Rules of retention are data: which complaint is kept until when, and what is wrong with a file."""

from datetime import date
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from services.intake.erasure.actions import ErasePerson
from services.intake.erasure.retention import RETENTION, Kept, Retention, Rule, after
from services.intake.person.state import Hold
from shared.features.config import ConfigNotValid, read

THREE = Rule(name="three", source="s", effective_from=date(2020, 1, 1), years=3, override=True)
FIVE = Rule(
    name="five", source="s", effective_from=date(2020, 1, 1), years=5, when="'Fund' in products", override=False
)
RULES = Retention(rules=(THREE, FIVE))


def test_the_shipped_rules_are_those_of_the_regulator() -> None:
    holds = RETENTION().holds([Kept(date(2026, 2, 11)), Kept(date(2026, 2, 11), ("Investment service",))])
    assert {(hold.name, hold.until, hold.may_be_overridden) for hold in holds} == {
        ("DISP 1.9.1R", date(2029, 2, 11), True),
        ("MiFID Org Regulation Article 72", date(2031, 2, 11), False),
    }


def test_the_last_complaint_counts() -> None:
    assert RULES.holds([Kept(date(2021, 5, 5)), Kept(date(2023, 5, 5)), Kept(date(2022, 5, 5))]) == [
        Hold("three", date(2026, 5, 5), True)
    ]


@pytest.mark.parametrize(
    ("complaint", "names"),
    [
        (Kept(date(2019, 12, 31)), []),
        (Kept(date(2020, 1, 1)), ["three"]),
        (Kept(date(2020, 1, 1), ("Fund",)), ["three", "five"]),
        (Kept(date(2020, 1, 1), ("Card", "Fund")), ["three", "five"]),
        (Kept(date(2020, 1, 1), ("Card",)), ["three"]),
        (Kept(date(2020, 1, 1), ("Fund",), invented=True), []),
    ],
)
def test_a_rule_covers_its_products_from_its_day_on(complaint: Kept, names: list[str]) -> None:
    assert [hold.name for hold in RULES.holds([complaint])] == names


def test_a_rule_that_ended_covers_what_was_received_before() -> None:
    ended = Retention(rules=(THREE.model_copy(update={"effective_until": date(2024, 1, 1)}),))
    assert ended.holds([Kept(date(2023, 12, 31))])
    assert not ended.holds([Kept(date(2024, 1, 1))])


def test_a_leap_day_is_kept_to_the_end() -> None:
    assert after(date(2024, 2, 29), 3) == date(2027, 3, 1)
    assert after(date(2024, 2, 29), 4) == date(2028, 2, 29)


RULE = '[[rules]]\nname = "one"\nsource = "s"\neffective_from = 2020-01-01\nyears = 3\noverride = true\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (RULE * 2, "two rules are called one"),
        (RULE.replace("years = 3", "years = 0"), "years"),
        (RULE + "effective_until = 2019-01-01\n", "rules.toml:1: rules.0: rule one: it ends before it begins"),
        (RULE + "yeers = 3\n", "rules.toml:7: rules.0.yeers"),
        ("rules = [", "rules.toml:1: "),
        (RULE + 'when = "region == 1"\n', "rules.toml:7: rules.0.when: there is no field region; there are: products"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    with pytest.raises(ConfigNotValid, match=said) as refused:
        read(path, TypeAdapter(Retention))
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("blank", [" ", "\t\n", "\u00a0"])
def test_a_reason_is_written(blank: str) -> None:
    for given in ({"reason": blank}, {"reason": "GDPR Article 17", "override_hold": blank}):
        with pytest.raises(ValidationError):
            ErasePerson.model_validate(given)
