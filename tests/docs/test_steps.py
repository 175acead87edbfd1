"""Every step of docs/contributor.md is done, in a copy of the sources, and what it adds is tested there."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.docs.blocks import ROOT, Block, every

FOLDERS = ("shared", "services", "deploy", "tests")


def test_an_event_a_view_and_a_service_are_added(kafka: str, postgres_server: str, tmp_path: Path) -> None:
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path = f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"
    servers = {
        "RECOURSE_KAFKA": kafka,
        "RECOURSE_POSTGRES": postgres_server,
        "PYTEST_ADDOPTS": f"--basetemp={tmp_path / 'run'}",
    }
    environment = os.environ | servers | {"PATH": path, "PYTHONPATH": str(tmp_path)}
    steps = [block for block in every() if block.page == "contributor.md"]
    assert [block.mark for block in steps].count("tried") == 4
    for block in steps:
        kind, _, name = block.mark.partition(": ")
        if kind == "file":
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(block.text)
        elif kind == "append":
            with (tmp_path / name).open("a") as file:
                file.write(block.text)
        elif kind == "change":
            change(tmp_path / name, block)
        elif kind == "tried":
            done = subprocess.run(
                ["bash", "-euc", block.text], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"


def test_what_may_be_done_takes_five_files_and_forty_lines() -> None:
    """The sources of the first example; its tests and what is generated do not count."""
    page = (ROOT / "docs" / "contributor.md").read_text()
    first, last = (page[: page.index(title)].count("\n") for title in ("## Add what may be done", "## Add a view"))
    steps = [block for block in every() if block.page == "contributor.md" and first < block.line < last]
    lines: dict[str, int] = {}
    for block in steps:
        kind, _, name = block.mark.partition(": ")
        if kind in ("file", "append", "change") and not name.startswith("tests/"):
            text = [line for line in block.text.splitlines() if line.strip()]
            added = [line for line in text if line.startswith("+")] if kind == "change" else text
            lines[name] = lines.get(name, 0) + len(added)
    assert len(lines) <= 5, lines
    assert sum(lines.values()) <= 40, lines


def change(path: Path, block: Block) -> None:
    """What the lines with a minus and those without a sign were becomes what the others are."""
    lines = block.text.splitlines(keepends=True)
    old, new = ("".join(re.sub("^.", "", line) for line in lines if line[0] in signs) for signs in (" -", " +"))
    text = path.read_text()
    assert text.count(old) == 1, f"{block} is not once in {path.name}:\n{old}"
    path.write_text(text.replace(old, new))
