"""A file that cannot be read or written is one sentence, whichever command was given it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    "words",
    ["restore {}", "restore {}/none.tar.gz", "audit checker -o {}", "contracts write {}/file"],
)
def test_what_cannot_be_used_is_named(words: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    nowhere = {"RECOURSE_KAFKA": "localhost:1", "RECOURSE_POSTGRES": "postgresql://localhost:1/none"}
    secrets = {"RECOURSE_SECRET": "only here", "RECOURSE_MASTER_KEY": "00" * 32}
    command = [sys.executable, "-m", "deploy", *words.format(tmp_path).split()]
    environment = os.environ | nowhere | secrets
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"Error: {tmp_path}" in done.stderr
    assert "Traceback" not in done.stderr
