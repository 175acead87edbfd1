"""A template is filled whole or not at all, and what fills it is never read as one."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.cli.command import app
from services.cases.conversation.reply_templates import (
    FIELDS,
    TEMPLATES,
    FieldsMissing,
    Filled,
    Template,
    TemplateUnknown,
    insert,
)
from shared.features import config

VALUES: dict[str, str | None] = {
    "name": "Amal Haddad", "reference": "R7K2-9999", "product": "Credit card", "organisation": "Leeds",
    "received": "14 March 2026", "final_response": "9 May 2026", "handler": "Ines Weber",
}  # fmt: skip
HELLO = Template(label="Hello", subject="Hello {name}", body="Dear {name},\n\n{product}, and {name} again. {handler}")
CODES = ["more-information", "progress-update", "four-weeks", "contact-details", "out-of-scope", "documents-received"]


@pytest.mark.parametrize("code", CODES)
def test_ours_are_filled_by_a_whole_case(code: str) -> None:
    filled = insert(code, VALUES)
    assert filled.subject
    assert filled.body
    assert filled.body.startswith("Dear Amal Haddad,\n\n")
    assert filled.body.endswith("\nInes Weber")
    assert not {"{", "}", "[", "\\"} & {*filled.subject, *filled.body}


def test_ours_are_these_six() -> None:
    assert list(TEMPLATES()) == CODES
    assert VALUES.keys() == FIELDS.keys()


@pytest.mark.parametrize(
    "value",
    [
        "{handler}", "{name}", "{{name}}", "{0.__class__}", "{", "}", "%(name)s", "%s", r"\1\g<1>", "<b>&amp;",
        "x" * 300, "أمل حداد", "\u202eAmal",
    ],
)  # fmt: skip
def test_a_value_is_inserted_as_it_is(value: str) -> None:
    assert HELLO.fill(VALUES | {"name": value}) == Filled(
        f"Hello {value}", f"Dear {value},\n\nCredit card, and {value} again. Ines Weber", []
    )


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_is_half_filled(nothing: str | None) -> None:
    assert HELLO.fill(VALUES | {"product": nothing, "name": nothing}) == Filled(None, None, ["name", "product"])
    assert HELLO.fill(VALUES | {"organisation": nothing}).missing == [], "it names no branch"


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (["name"], "the customer’s name"),
        (["name", "product"], "the customer’s name and the product or service"),
        (
            ["name", "product", "organisation"],
            "the customer’s name, the product or service and the branch or office",
        ),
    ],
)
def test_what_is_missing_is_said_in_words(missing: list[str], said: str) -> None:
    assert str(FieldsMissing(missing)) == f"This template needs {said}. Choose another or write the reply yourself."


@pytest.mark.parametrize("code", ["", "none", "../four-weeks"])
def test_another_template_there_is_none(code: str) -> None:
    with pytest.raises(TemplateUnknown):
        insert(code, VALUES)


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("{nmae}", ":3: hello.subject: {nmae} is no field. There are: {name}, {reference}, {product}, "),
        ("{name.__class__}", ":3: hello.subject: {name.__class__} is no field."),
        ("{name", ":3: hello.subject: {name is no field."),
        ("{{name}}", ":3: hello.subject: { is no field."),
        ("{}", ":3: hello.subject: {} is no field."),
        ("x" * 201, ":3: hello.subject: String should have at most 200 characters"),
    ],
)
def test_the_check_names_file_line_and_rule(tmp_path: Path, subject: str, said: str) -> None:
    file = tmp_path / "reply_templates.toml"
    file.write_text(f'[hello]\nlabel = "Hello"\nsubject = "{subject}"\nbody = "Hello {{name}}"\n')
    done = CliRunner().invoke(app, ["config", "check", str(tmp_path)])
    config.use(None)
    assert (done.exit_code, f"{file}{said}" in done.output) == (1, True), done.output


def test_a_firm_may_have_its_own_or_none(tmp_path: Path) -> None:
    file = tmp_path / "reply_templates.toml"
    for text, codes in (('hello = {label = "Hello", subject = "Hi", body = "Hi {name}"}', ["hello"]), ("", [])):
        file.write_text(text)
        done = CliRunner().invoke(app, ["config", "check", str(tmp_path)])
        assert (done.exit_code, list(TEMPLATES())) == (0, codes), done.output
    config.use(None)
