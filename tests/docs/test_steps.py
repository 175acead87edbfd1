"""Every step of docs/contributor.md is done, in a copy of the sources, and what it adds is tested there."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

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
    assert [block.mark for block in steps].count("tried") == 6
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


@pytest.mark.parametrize(
    ("title", "following", "files", "most"),
    [
        ("## Add what may be done", "## Add a view", 5, 40),
        ("## Add a timer", "## Add an effect", 4, 30),
        ("## Add an effect", "## Add a policy", 4, 30),
    ],
)
def test_an_example_takes_few_files_and_lines(title: str, following: str, files: int, most: int) -> None:
    """The sources; tests and what is generated do not count."""
    page = (ROOT / "docs" / "contributor.md").read_text()
    first, last = (page[: page.index(f"\n{one}\n")].count("\n") for one in (title, following))
    steps = [block for block in every() if block.page == "contributor.md" and first < block.line < last]
    lines: dict[str, int] = {}
    for block in steps:
        kind, _, name = block.mark.partition(": ")
        if kind in ("file", "append", "change") and not name.startswith("tests/"):
            text = [line for line in block.text.splitlines() if line.strip()]
            added = [line for line in text if line.startswith("+") and line[1:].strip()] if kind == "change" else text
            lines[name] = lines.get(name, 0) + len(added)
    assert len(lines) <= files, lines
    assert sum(lines.values()) <= most, lines


def change(path: Path, block: Block) -> None:
    """What the lines with a minus and those without a sign were becomes what the others are."""
    lines = block.text.splitlines(keepends=True)
    old, new = ("".join(re.sub("^.", "", line) for line in lines if line[0] in signs) for signs in (" -", " +"))
    text = path.read_text()
    assert text.count(old) == 1, f"{block} is not once in {path.name}:\n{old}"
    path.write_text(text.replace(old, new))
