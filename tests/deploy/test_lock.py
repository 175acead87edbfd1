"""What containers install is what was tested here: the same versions and hashes, without tools and embedded servers."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def pins(path: Path) -> dict[str, str]:
    """Each package, with its version, marker and hashes."""
    return {re.split("==", pin)[0]: pin for pin in re.findall(r"^\S+==(?:.*\\\n)*.*$", path.read_text(), re.MULTILINE)}


def named(project: Path, *tables: str) -> set[str]:
    table = tomllib.loads(project.read_text())
    for name in tables:
        table = table.get(name, {})
    found = table if isinstance(table, list) else [one for many in table.values() for one in many]
    return {re.split(r"[^\w.-]", requirement)[0].lower().replace("_", "-") for requirement in found}


def test_containers_install_what_the_members_need_as_it_was_tested() -> None:
    tested, contained = pins(ROOT / "requirements.lock"), pins(ROOT / "deploy" / "requirements.lock")
    members = [
        path
        for folder in ("shared", "shared/events", "deploy", "services/*")
        for path in ROOT.glob(f"{folder}/pyproject.toml")
    ]
    needed = {name for path in members for name in named(path, "project", "dependencies")}
    assert {name for name in needed if not name.startswith("recourse-")} <= set(contained), "run `make lock`"
    assert {name for name, pin in contained.items() if tested.get(name) != pin} == set(), "run `make lock`"


def test_containers_install_no_tools_and_no_embedded_servers() -> None:
    left_out = named(ROOT / "pyproject.toml", "dependency-groups", "dev")
    left_out |= named(ROOT / "deploy" / "pyproject.toml", "project", "optional-dependencies", "embedded")
    assert len(left_out) > 8
    assert left_out & set(pins(ROOT / "deploy" / "requirements.lock")) == set()
