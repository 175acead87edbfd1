"""Code lists: what is offered is taken and nothing else, in the words of the list."""

from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ValidationError

from shared.events import EVENTS
from shared.events.codes import Code
from shared.features.codes import CHANNELS, LISTS, OUTCOMES, CodeList
from shared.features.config import ConfigNotValid, read
from shared.features.forms import fields_of


class Decide(BaseModel):
    outcome: Annotated[str, OUTCOMES]
    channel: Annotated[str, CHANNELS] | None = None


def test_every_code_of_an_event_has_its_list() -> None:
    named = {mark.list for event in EVENTS.values() for field in event.model_fields.values()
             for mark in field.metadata if isinstance(mark, Code)}  # fmt: skip
    assert named == LISTS.keys()


@pytest.mark.parametrize("codes", LISTS.values(), ids=LISTS.keys())
def test_the_lists_that_are_shipped_can_be_read(codes: CodeList[Any]) -> None:
    assert len(codes) > 0
    assert all(label[0].isupper() for label in codes.values())


def test_a_form_and_the_api_offer_what_the_list_has() -> None:
    [outcome, channel] = fields_of(Decide)
    assert outcome.options is not None and channel.options is not None
    assert outcome.options()[1] == ("partly-upheld", "Partly upheld")
    assert Decide.model_json_schema()["properties"]["outcome"]["enum"] == [*OUTCOMES]
    assert Decide(outcome="upheld", channel="fax").channel == "fax"


def test_what_is_on_no_list_is_refused_with_what_can_be_chosen() -> None:
    with pytest.raises(ValidationError) as refused:
        Decide.model_validate({"outcome": "shrugged"})
    [error] = refused.value.errors()
    assert error["loc"] == ("outcome",)
    assert error["msg"] == "Choose one of: upheld, partly-upheld, not-upheld, withdrawn, out-of-scope"


def test_labels_begin_a_line_or_stand_within_one() -> None:
    assert (CHANNELS["api"], CHANNELS.spoken("api"), CHANNELS.spoken("web")) == ("API", "API", "web form")
    assert (CHANNELS.spoken("telepathy"), CHANNELS.get("telepathy", "telepathy")) == ("telepathy", "telepathy")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('phone = "phone"', "channels.toml: Recourse itself uses api, email, import, social, web: keep it on the list"),
        ('"Web Form" = "web form"', "channels.toml: Web Form.[key]: String should match pattern"),
        ('web = ""', "channels.toml:1: web.label: String should have at least 1 character"),
        (
            'api = "API"\nweb = {label = "web", staf = true}',
            "channels.toml:2: web.staf: Extra inputs are not permitted",
        ),
    ],
)
def test_a_list_that_is_wrong_says_where(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "channels.toml"
    path.write_text(text)
    with pytest.raises(ConfigNotValid) as refused:
        read(path, CHANNELS.entries.model)
    assert said in str(refused.value)
