"""Modules stay small, folders can be taken in at a glance, and settings are read in one place.

Import rules are contracts of import-linter (`pyproject.toml`), checked by `make lint`.
"""

import statistics
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("shared", "services", "deploy")
MODULES = {
    path.relative_to(ROOT): len(path.read_text().splitlines())
    for folder in FOLDERS
    for path in (ROOT / folder).rglob("*.py")
    if path.name != "__init__.py"
}


def test_modules_are_small() -> None:
    assert max(MODULES.values()) <= 300, max(MODULES, key=lambda path: MODULES[path])
    assert statistics.median(MODULES.values()) < 100


def test_no_folder_is_crowded() -> None:
    crowd = Counter(path.parent for path in MODULES if path.parts[0] != "services")
    assert max(crowd.values()) <= 15, crowd.most_common(3)


def test_only_the_composition_root_reads_settings() -> None:
    for path in MODULES:
        if path.parts[0] != "deploy":
            assert "os.environ" not in (ROOT / path).read_text(), path


def test_what_ci_and_make_name_is_there() -> None:
    for script in (".ci/run", "Makefile"):
        words = (ROOT / script).read_text().split()
        for path in [word for word in words if word.startswith("tests/")]:
            assert all((ROOT / name).exists() for name in braces(path)), f"{script}: {path}"


def braces(path: str) -> list[str]:
    """The names that a shell makes of `a/{b,c}.py`."""
    before, found, rest = path.partition("{")
    inside, _, after = rest.partition("}")
    return [before + name + after for name in inside.split(",")] if found else [path]
