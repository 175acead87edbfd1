"""Sealed text is ciphertext wherever it is written, and nothing once the key is gone."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events.base import Provenance, decode, wire_name
from shared.events.cases import NoteAdded
from shared.events.sealed import Sealed, people_in
from shared.eventstore.store import EventMapper
from shared.keys.keyring import KeyMissing, Keyring
from shared.keys.master_keys import WrongMasterKey

PERSON = UUID("0198c0de-0000-7000-8000-000000000001")
BY = Provenance("test", datetime(2026, 3, 14, tzinfo=UTC))


def note(text: str, person: UUID = PERSON) -> NoteAdded:
    return NoteAdded(**BY.stamp(uuid4(), 1), note_id=uuid4(), text=Sealed(person, text))


def ring(*people: UUID) -> Keyring:
    made = Keyring(bytes(32))
    for person in people:
        made.create(person)
    return made


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_what_is_sealed_opens_again(text: str) -> None:
    keyring = ring(PERSON)
    event = note(text)
    written = event.model_dump_json(context=keyring).encode()
    assert decode(wire_name(event), written, keyring) == event


def test_the_text_is_not_in_what_is_written_or_shown() -> None:
    event = note("a secret word")
    written = event.model_dump_json(context=ring(PERSON))
    assert "secret" not in written
    assert "secret" not in repr(event)
    assert "secret" not in str(event.model_dump())


def test_whose_keys_it_takes_is_seen_in_what_is_written() -> None:
    other = uuid4()
    keyring = ring(PERSON, other)
    written = [note('"person":"no id"', person).model_dump_json(context=keyring).encode() for person in (PERSON, other)]
    assert people_in([*written, b'{"person":"------------------------------------"}', b""]) == {PERSON, other}


def test_without_the_key_the_field_reads_as_erased() -> None:
    keyring = ring(PERSON)
    event = note("words")
    written = event.model_dump_json(context=keyring).encode()
    keyring.forget(PERSON)
    read = decode(wire_name(event), written, keyring)
    assert isinstance(read, NoteAdded)
    assert read.text == Sealed(PERSON, None)


def test_a_box_does_not_open_for_somebody_else() -> None:
    other = uuid4()
    keyring = ring(PERSON, other)
    event = note("words")
    written = event.model_dump_json(context=keyring).replace(str(PERSON), str(other)).encode()
    with pytest.raises(ValueError, match="does not open"):
        decode(wire_name(event), written, keyring)


def test_nothing_is_sealed_without_a_key() -> None:
    with pytest.raises(KeyMissing):
        EventMapper(ring()).to_stored_event(note("words"))


def test_a_key_wrapped_by_another_master_key_is_refused() -> None:
    wrapped = Keyring(bytes(32)).create(PERSON)
    with pytest.raises(WrongMasterKey, match="master key"):
        Keyring(bytes([1] * 32)).learn(PERSON, wrapped)


def test_many_keys_are_remembered_within_bounds() -> None:
    from shared.keys import keyring

    made = ring()
    for _ in range(keyring.REMEMBERED + 10):
        made.create(uuid4())
    assert len(made._known) <= keyring.REMEMBERED


def test_a_key_that_was_given_up_and_came_after_all_is_asked_for_when_it_was_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.keys.keyring.REMEMBERED", 10)
    maker, ours = ring(), ring()
    wrapped = maker.create(PERSON)
    box = maker.seal(PERSON, "words")
    ours.give_up({PERSON})
    ours.learn(PERSON, wrapped)
    assert ours.open(PERSON, box) == "words"
    for _ in range(10):
        ours.create(uuid4())
    assert ours.open(PERSON, box) is None
    assert ours.missing == ours.unknown({PERSON}) == {PERSON}


def test_but_not_one_that_was_destroyed() -> None:
    """Whoever has read the table before that may still come with it."""
    ours = ring()
    wrapped = ours.create(PERSON)
    box = ours.seal(PERSON, "words")
    ours.forget(PERSON)
    ours.learn(PERSON, wrapped)
    assert (ours.open(PERSON, box), ours.missing) == (None, set())
