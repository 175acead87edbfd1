"""A checkpoint is a signed note as others read it, and none is made over a log that lost or changed something."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.reporting.audit.check import EMPTY, Head, Refused, check, leaf_hash, read_key, read_note
from services.reporting.audit.seal import LogShrank, Seal, SealKey, evolve, seal, sealed_heads
from shared.events import Provenance

KEY = SealKey.of(bytes(range(32)), "https://complaints.example.org")
BY = Provenance("tests", datetime(2026, 3, 14, 9, 30, 15, 999, tzinfo=UTC))
ROOT = leaf_hash(b"a")
HEADS = {"cases/0": Head(1, ROOT), "cases/1": Head(0, EMPTY), "people/3": Head(7, leaf_hash(b"b"))}
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SAYING = """If you think cryptography is the answer to your problem,
then you don't know what your problem is.

\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""


def first() -> Seal:
    (event,) = seal(None, HEADS, {}, KEY, BY)
    return evolve(None, event)


def test_the_note_has_the_form_of_a_checkpoint() -> None:
    origin, size, root, sealed, *rest = first().note.split("\n")
    assert (origin, size, sealed) == ("complaints.example.org", "8", "checkpoint 1 2026-03-14T09:30:15Z")
    assert [line.split(" ")[:2] for line in rest[:2]] == [["cases/0", "1"], ["people/3", "7"]]
    assert (rest[2], rest[3].split(" ")[:2], rest[4:]) == ("", ["\u2014", origin], [""])
    assert len(root) == 44
    assert sealed_heads(first().note) == {name: head for name, head in HEADS.items() if head.size}


def test_its_signature_holds_under_its_key_alone() -> None:
    note = first().note
    read = read_note(note, [KEY.verifier])
    assert read.heads == sealed_heads(note)
    other = SealKey.of(bytes(32), "https://complaints.example.org").verifier
    assert read_note(note, [other, KEY.verifier]) == read
    for keys in ([other], [SealKey.of(bytes(range(32)), "https://elsewhere.example.org").verifier]):
        with pytest.raises(Refused, match="another key signed it"):
            read_note(note, keys)


@pytest.mark.parametrize("at", range(0, 300, 7))
def test_a_changed_byte_is_refused(at: int) -> None:
    note = first().note
    changed = note[:at] + chr(ord(note[at]) ^ 1) + note[at + 1 :]
    with pytest.raises(Refused):
        check(changed, [KEY.verifier])


def test_notes_and_keys_of_other_software_are_read() -> None:
    """The example that Go's implementation of signed notes documents: its signature holds, it is no checkpoint."""
    assert read_key(NEUMANN)[0] == "PeterNeumann"
    with pytest.raises(Refused, match="cannot be read"):
        check(SAYING, [NEUMANN])
    with pytest.raises(Refused, match="not signed by the key"):
        check(SAYING.replace("problem", "Problem"), [NEUMANN])
    for key in (NEUMANN[:-1], NEUMANN.replace("c7", "c8"), "", "a+b", NEUMANN.replace("ARpc", "AhpC")):
        with pytest.raises(Refused, match="nor a whole Ed25519"):
            read_key(key)


def test_the_next_checkpoint_counts_on() -> None:
    now = HEADS | {"cases/0": Head(9, leaf_hash(b"c"))}
    (event,) = seal(first(), now, {"cases/0": HEADS["cases/0"], "people/3": HEADS["people/3"]}, KEY, BY)
    assert (event.originator_version, event.size) == (2, 16)
    assert evolve(first(), event) == Seal(2, BY.at, 16, KEY.verifier, event.note)


@pytest.mark.parametrize("before", [{}, {"cases/0": Head(1, EMPTY), "people/3": HEADS["people/3"]}])
def test_a_log_that_does_not_begin_as_it_was_sealed_is_not_sealed(before: dict[str, Head]) -> None:
    with pytest.raises(LogShrank, match="cases/0"):
        seal(first(), HEADS, before, KEY, BY)


def test_a_checkpoint_whose_lines_do_not_add_up_is_refused() -> None:
    lines = first().note.partition("\n\n")[0].split("\n")
    check(KEY.signed(lines), [KEY.verifier])
    for wrong in (
        lines[:-1],
        [lines[0], "9", *lines[2:]],
        [*lines, lines[-1]],
        [*lines[:3], "snapshot 1 x", *lines[4:]],
    ):
        with pytest.raises(Refused):
            check(KEY.signed(wrong), [KEY.verifier])
    root = [*lines[:2], lines[4].split(" ")[2], *lines[3:]]
    with pytest.raises(Refused, match="is not that of its partitions"):
        check(KEY.signed(root), [KEY.verifier])


def test_without_a_key_it_says_that_nobody_vouches() -> None:
    with pytest.raises(Refused, match="nor a whole"):
        check(first().note, [])
    assert "Not proved: who signed" not in "".join(check(first().note, [KEY.verifier]))


def test_the_log_is_called_by_its_host() -> None:
    assert replace(KEY).origin == "complaints.example.org"
    assert SealKey.of(bytes(32), "http://localhost:8000/").verifier.startswith("localhost:8000+")
