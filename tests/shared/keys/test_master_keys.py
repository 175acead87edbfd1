"""Keys are wrapped by the first master and opened by all; what no master opens is refused with a sentence."""

from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.events.unsealing import MasterKeyNotValid, id_of, parse, wrapped_by
from shared.keys.keyring import Keyring
from shared.keys.master_keys import Masters, WrongMasterKey

PERSON = UUID("0198c0de-0000-7000-8000-000000000001")
OLD, NEW = bytes([1] * 32), bytes([2] * 32)
KEY = bytes(range(32))


def test_the_first_wraps_and_all_open() -> None:
    before, both = Masters(OLD), Masters(NEW, OLD)
    wrapped = before.wrap(PERSON, KEY)
    assert both.unwrap(PERSON, wrapped) == KEY
    assert wrapped_by(both.wrap(PERSON, KEY)) == id_of(NEW).hex() == both.id
    assert both.ids == (id_of(NEW).hex(), id_of(OLD).hex())


def test_what_was_wrapped_without_an_id_opens() -> None:
    bare = bytes(12) + AESGCM(OLD).encrypt(bytes(12), KEY, PERSON.bytes)
    assert wrapped_by(bare) is None
    assert Masters(NEW, OLD).unwrap(PERSON, bare) == KEY


@pytest.mark.parametrize("bare", [True, False])
def test_another_master_is_named_and_refused(bare: bool) -> None:
    wrapped = bytes(12) + AESGCM(OLD).encrypt(bytes(12), KEY, PERSON.bytes) if bare else Masters(OLD).wrap(PERSON, KEY)
    with pytest.raises(WrongMasterKey, match=id_of(NEW).hex()) as refused:
        Masters(NEW).unwrap(PERSON, wrapped)
    assert bare or id_of(OLD).hex() in str(refused.value)
    assert str(PERSON) not in str(refused.value)


def test_a_key_does_not_open_for_somebody_else() -> None:
    with pytest.raises(WrongMasterKey):
        Masters(OLD).unwrap(UUID(int=7), Masters(OLD).wrap(PERSON, KEY))


def test_renewing_keeps_the_key_and_leaves_what_is_new() -> None:
    wrapped = Masters(OLD).wrap(PERSON, KEY)
    keyring = Keyring(Masters(NEW, OLD))
    renewed = keyring.renewed(PERSON, wrapped)
    assert Masters(NEW).unwrap(PERSON, renewed) == KEY
    assert keyring.renewed(PERSON, renewed) is renewed


def test_a_changed_file_is_followed(tmp_path: Path) -> None:
    file = tmp_path / "master-key"
    file.write_text(OLD.hex())
    masters = Masters(OLD, file=file)
    wrapped = masters.wrap(PERSON, KEY)
    for text, first in ((f"{NEW.hex()}\n{OLD.hex()}\n", NEW), (NEW.hex(), NEW)):
        aside = tmp_path / "aside"
        aside.write_text(text)
        aside.rename(file)
        assert masters.id == id_of(first).hex()
    with pytest.raises(WrongMasterKey):
        masters.unwrap(PERSON, wrapped)
    file.unlink()
    assert masters.id == id_of(NEW).hex(), "what was read stays until there is something to read"


@pytest.mark.parametrize("text", ["", "abc", "zz" * 32, f"{OLD.hex()} 00"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(MasterKeyNotValid, match="64 hexadecimal"):
        parse(text)


def test_who_wraps_while_a_changed_file_is_read_takes_the_master_of_before(monkeypatch: pytest.MonkeyPatch) -> None:
    masters, wrapped = Masters(OLD), []

    def meanwhile(key: bytes) -> AESGCM:
        wrapped.append(masters.wrap(PERSON, KEY))
        return AESGCM(key)

    monkeypatch.setattr("shared.events.unsealing.AESGCM", meanwhile)
    masters._take([NEW])
    monkeypatch.undo()
    assert masters.id == id_of(NEW).hex()
    assert [Masters(OLD).unwrap(PERSON, one) for one in wrapped] == [KEY]
