"""The checker as a command: how it ends and what it prints, whatever it is given."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.cli.audit import evidence
from deploy.cli.command import app
from services.reporting.audit import check as checker
from services.reporting.audit.check import BUNDLE, GROWTH, Refused, check
from services.reporting.audit.log import merkle
from services.reporting.audit.seal import evolve, seal
from tests.reporting.audit.log.test_merkle import head, nodes, numbered
from tests.reporting.audit.test_seal import BY, KEY, first

FORGED = "x/1\r\x1b[2KProved: 5 events\u202e"


def record(**others: Any) -> dict[str, Any]:
    headers = [["ce_id", FORGED], ["ce_position", "1"], ["ce_type", "case.closed.v1"]]
    return {
        "topic": "cases", "partition": 0, "index": 0, "headers": headers, "value": "", "previous": "", "proof": [],
    } | others  # fmt: skip


def bundle(*records: Any, **others: Any) -> dict[str, Any]:
    return {"format": BUNDLE, "subject": "x", "checkpoint": first().note, "records": list(records)} | others


@pytest.mark.parametrize(
    "words", [[], ["file.txt", "--kye", "x"], ["file.txt", "--key"], ["file.txt", "other.txt"]], ids=" ".join
)
def test_words_that_are_not_understood_do_not_say_that_all_fits_together(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(tmp_path / word) if word.endswith(".txt") else word for word in words]
    (tmp_path / "file.txt").write_text(first().note, "utf-8")
    assert (checker.main(given), capsys.readouterr().out) == (1, "")
    done = CliRunner().invoke(app, ["audit", "check", *given])
    assert (done.exit_code, done.stdout) == (1, "")


def test_help_is_no_refusal() -> None:
    assert checker.main(["--help"]) == 0
    assert CliRunner().invoke(app, ["audit", "check", "--help"]).exit_code == 0


def test_what_cannot_be_read_is_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a file that is missing, and of a key that was meant to be one."""
    note = tmp_path / "note.txt"
    note.write_text(first().note, "utf-8")
    assert checker.main([str(tmp_path / "other.txt")]) == 1
    assert capsys.readouterr().err == f"Refused: {tmp_path / 'other.txt'} cannot be read.\n"
    assert checker.main([str(note), "--key", "/nonexistent"]) == 1
    assert "The key is neither a file that is there nor" in capsys.readouterr().err


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig"])
def test_files_are_read_alike_in_every_locale(tmp_path: Path, coding: str) -> None:
    """The dash before a signature is no ASCII."""
    for name, text in {"note.txt": first().note, "key.txt": KEY.verifier}.items():
        (tmp_path / name).write_text(text, coding)
    words = ["note.txt", "--key", "key.txt", "--checkpoint", "note.txt"]
    done = subprocess.run(
        [sys.executable, "-I", "-X", "utf8=0", str(checker.__file__), *words],
        cwd=tmp_path, env=os.environ | {"LC_ALL": "C"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "is signed" in done.stdout


def test_what_a_file_says_is_printed_in_plain_letters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file.json"
    file.write_text(json.dumps(bundle(record())), "utf-8")
    assert checker.main([str(file), "--key", KEY.verifier]) == 1
    printed = capsys.readouterr().err
    assert printed.isascii()
    assert printed[:-1].isprintable()
    assert printed.startswith(r"Refused: x/1\r\x1b[2KProved: 5 events\u202e: its position")


WRECKS: dict[str, Any] = {
    "a checkpoint without one": {"format": "note"},
    "a checkpoint that is a number": {"format": "note", "checkpoint": 5},
    "growth without checkpoints": {"format": GROWTH, "proofs": {}},
    "no form": {"checkpoint": "x"},
    "a list as form": bundle(format=[]),
    "a number as key": bundle(key=5),
    "a record that is a number": bundle(1),
    "headers that are a number": bundle(record(headers=5)),
    "no headers": bundle(record(headers=[])),
    "half a letter": bundle(record(headers=[["ce_id", "\ud800"], ["ce_position", "1"], ["ce_type", "\ud800"]])),
    "an endless index": bundle(record(index=float("inf"))),
}


@pytest.mark.parametrize("name", WRECKS)
@pytest.mark.parametrize("keys", [[KEY.verifier], []], ids=["key", "no key"])
def test_whatever_stands_in_a_file_is_refused_in_a_sentence(name: str, keys: list[str]) -> None:
    with pytest.raises(Refused):
        check(json.dumps(WRECKS[name]), keys)


@pytest.mark.parametrize("text", ['{"format":' + "[" * 100_000, '{"format":' * 100_000, "[]", "\n\n", "{"])
def test_what_is_no_evidence_is_refused_however_deep(text: str) -> None:
    with pytest.raises(Refused):
        check(text, [KEY.verifier])


def note(leaves: list[bytes]) -> str:
    (event,) = seal(None, {"cases/0": head(leaves)}, {}, KEY, BY)
    return evolve(None, event).note


def growth(old: list[bytes], new: list[bytes]) -> dict[str, Any]:
    proof = [b64encode(step).decode() for step in merkle.consistency_proof(len(old), len(new), nodes(new))]
    return {
        "format": GROWTH, "key": KEY.verifier, "old": note(old), "new": note(new), "proofs": {"cases/0": proof},
    }  # fmt: skip


KEPT, REWRITTEN = numbered(6), [b"other", *numbered(9)[1:]]
"""A log that was sealed, and another one that whoever has the seal key made of it later."""


def test_growth_from_the_checkpoint_that_is_kept_rests_on_it() -> None:
    said = check(json.dumps(growth(KEPT, numbered(9))), [KEY.verifier], note(KEPT))
    assert [sentence.partition(" from ")[0] for sentence in said] == [
        "Proved: the log only grew", "Proved: it rests on the checkpoint that you keep."
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("document", "kept"),
    [
        (growth(REWRITTEN[:6], REWRITTEN), note(KEPT)),
        ({"format": "note", "checkpoint": note(REWRITTEN), "old": note(KEPT)}, note(KEPT)),
        (growth(REWRITTEN[:6], REWRITTEN) | {"checkpoint": note(KEPT)}, note(KEPT)),
        (growth(KEPT, numbered(9)), ""),
    ],
    ids=["another log", "a checkpoint beside", "growth beside", "nothing kept"],
)
def test_what_only_stands_beside_is_not_what_it_rests_on(document: dict[str, Any], kept: str) -> None:
    check(json.dumps(document), [KEY.verifier])
    with pytest.raises(Refused, match="does not rest on the checkpoint that you keep"):
        check(json.dumps(document), [KEY.verifier], kept)


@pytest.fixture
def consistency(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command for two kept files, with a service that answers what it likes."""
    (tmp_path / "first.txt").write_text(note(KEPT), "utf-8")
    (tmp_path / "second.txt").write_text(note(numbered(9)), "utf-8")
    monkeypatch.setattr(evidence, "installation", lambda data: None)
    files = [str(tmp_path / "first.txt"), str(tmp_path / "second.txt")]

    def run(answer: dict[str, Any], *words: str) -> Any:
        monkeypatch.setattr(evidence, "_ask", lambda *_, **__: answer)
        return CliRunner().invoke(app, ["audit", "consistency", *files, *words])

    return run


@pytest.mark.parametrize(
    "answer", [growth(KEPT, numbered(8)), growth(REWRITTEN[:6], REWRITTEN)], ids=["the later", "both"]
)
def test_an_answer_about_other_checkpoints_proves_nothing(consistency: Any, answer: dict[str, Any]) -> None:
    done = consistency(answer, "--key", KEY.verifier)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "other checkpoints than it was asked about" in done.stderr


def test_without_a_key_it_says_that_nobody_vouches_for_who_signed(consistency: Any) -> None:
    whole = growth(KEPT, numbered(9))
    assert consistency(whole).stdout.splitlines()[-1].startswith("Not proved: who signed.")
    assert "Not proved" not in consistency(whole, "--key", KEY.verifier).stdout
