"""A short run with every kind of fault in it; `make chaos` is the long one."""

import json
import subprocess
import sys
from pathlib import Path

from tests.chaos.plan import KINDS

FAULTS = 25


def test_nothing_is_lost_doubled_or_disordered_whatever_dies(tmp_path: Path) -> None:
    """In a process of its own, which ends all that it began."""
    report = tmp_path / "chaos-report.json"
    command = [sys.executable, "-m", "tests.chaos", "--faults", str(FAULTS), "--longest-pause", "6"]
    done = subprocess.run([*command, "--report", str(report)], capture_output=True, text=True, check=False)
    assert report.exists(), done.stdout + done.stderr
    made = json.loads(report.read_text())
    assert done.returncode == 0, json.dumps(made["examples"], indent=1) + done.stdout
    assert made["holds"]
    assert made["faults"] == FAULTS
    assert made["accepted"] > 0
    assert made["by_kind"].keys() | set(made["left_out"]) == KINDS.keys()
