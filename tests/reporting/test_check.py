"""The checker as a command: how it ends and what it prints, whatever it is given."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.command import app
from services.reporting import check as checker
from services.reporting.check import BUNDLE, GROWTH, Refused, check
from tests.reporting.test_seal import KEY, first

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
