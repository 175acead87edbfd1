"""What was published stays readable: every stored sample decodes, and no schema changes under its readers."""

import copy
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.cli.data.contracts import app as contracts
from deploy.cli.data.contracts import broken
from shared.events import EVENTS, decode, wire_name
from shared.events.asyncapi import asyncapi
from shared.events.base import Event, UnknownEvent
from shared.events.contracts import breaks
from shared.events.sealed import Sealed
from tests.contracts.samples import FOLDER, WORDS, SampleKeys
from tests.feeding import people_in

PUBLISHED = Path(__file__).parent


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_a_stored_sample_is_still_read(path: Path) -> None:
    event = decode(path.stem, path.read_bytes(), SampleKeys())
    assert event.type == path.stem.rpartition(".v")[0]
    for value in (getattr(event, name) for name in type(event).model_fields):
        if isinstance(value, Sealed):
            assert value.text == WORDS
    closed = decode(path.stem, path.read_bytes(), None)
    assert people_in(closed) == people_in(event)


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.type)
def test_every_version_has_a_sample_and_a_schema(event: type[Event]) -> None:
    for version in range(1, event.version + 1):
        assert (FOLDER / f"{event.type}.v{version}.json").exists(), "run python -m tests.contracts.samples"
        assert (PUBLISHED / "schemas" / f"{event.type}.v{version}.json").exists(), "run recourse contracts write"


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.type)
def test_every_field_is_described(event: type[Event]) -> None:
    assert event.__doc__
    for name, field in event.model_fields.items():
        assert field.description, f"{event.type}.{name}"


def test_no_published_event_is_broken() -> None:
    assert broken(PUBLISHED) == []


def test_the_published_asyncapi_is_that_of_the_code() -> None:
    assert json.loads((PUBLISHED / "asyncapi.json").read_text()) == json.loads(json.dumps(asyncapi()))


OLD = json.loads((PUBLISHED / "schemas" / "case.aspect-resolved.v1.json").read_text())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda s: s["properties"]["outcome"]["enum"].append("shrugged"), "may now be 'shrugged'"),
        (lambda s: s["properties"]["outcome"]["enum"].remove("upheld"), "may no longer be 'upheld'"),
        (lambda s: s["required"].remove("outcome"), "outcome is gone"),
        (lambda s: s["required"].append("redress"), "redress is required"),
        (lambda s: s["properties"]["actor"].update(type="integer"), "was string and is integer"),
        (lambda s: s["properties"]["originator_version"].update(minimum=2), "another minimum"),
        (lambda s: s["properties"]["occurred_at"]["anyOf"].pop(), "may no longer be null"),
    ],
)
def test_a_change_that_breaks_a_reader_is_named(change: object, why: str) -> None:
    new = copy.deepcopy(OLD)
    change(new)  # type: ignore[operator]
    assert why in "\n".join(breaks(OLD, new))


def test_a_new_optional_field_breaks_nobody() -> None:
    new = copy.deepcopy(OLD)
    new["properties"]["mood"] = {"type": "string"}
    assert breaks(OLD, new) == []


def test_an_old_version_is_read_through_its_upcasts() -> None:
    class Renamed(Event):
        """A test's own event."""

        topic = "cases"
        type = "test.renamed"
        version = 2
        upcasts = {1: lambda fields: {**fields, "new": fields.pop("old")}}
        new: str

    try:
        base = json.loads((FOLDER / "case.closed.v1.json").read_text())
        event = decode("test.renamed.v1", json.dumps(base | {"old": "x"}).encode())
        assert isinstance(event, Renamed)
        assert event.new == "x"
        with pytest.raises(UnknownEvent):
            decode("test.renamed.v3", b"{}")
        assert wire_name(event) == "test.renamed.v2"
    finally:
        del EVENTS["test.renamed"]


def test_the_command_says_that_all_is_well() -> None:
    done = CliRunner().invoke(contracts, ["check", str(PUBLISHED)])
    assert done.exit_code == 0, done.output
