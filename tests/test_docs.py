"""What the README and docs/ say is there: files, anchors, commands, options, variables. tests/docs runs them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from deploy.cli.command import COMMANDS, app, load
from deploy.installation import Installation

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
ANCHOR = re.compile(r"\]\(([^)#\s:]*)#([^)]+)\)")
COMMAND = re.compile(r"(?:^|[`(]|\$\()(?:\.venv/bin/)?recourse((?: [^`\n]+)?)", re.MULTILINE)
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@pages
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if not re.match(r"\w+:", link)]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pages
def test_every_anchor_is_a_heading(page: Path) -> None:
    for name, anchor in ANCHOR.findall(page.read_text()):
        assert anchor in headings(page.parent / name if name else page), f"{name}#{anchor}"


def headings(page: Path) -> set[str]:
    """As the places that show the pages name them."""
    found = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in found}


@pages
def test_every_command_exists_with_its_options(page: Path) -> None:
    for words in commands(page.read_text()):
        found, options = find(words)
        known = {name for option in found.params for name in option.opts + option.secondary_opts} | {"--help"}
        assert options <= known, f"recourse {' '.join(words)}"


def commands(text: str) -> Iterator[list[str]]:
    """What follows `recourse` in code, up to the end of the command."""
    code = re.findall(r"```sh\n(.*?)```", text, re.DOTALL) + re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)
    for part in code:
        for rest in COMMAND.findall(part):
            yield shlex.split(re.split(r"[|)]", rest)[0])


def find(words: list[str]) -> tuple[Any, set[str]]:
    """The command that the words name, and the options that they give it."""
    command: Any = typer.main.get_command(app)
    command.commands |= {name: load(name) for name in COMMANDS}
    rest = list(words)
    while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
        assert rest[0] in command.commands, f"recourse {' '.join(words)}"
        command = command.commands[rest.pop(0)]
    return command, {word.split("=")[0] for word in rest if word.startswith("--")}


def test_commands_are_found_in_the_pages() -> None:
    found = {tuple(words[:2]) for page in PAGES for words in commands(page.read_text())}
    assert {("audit", "verify"), ("dead", "replay"), ("demo",), ("rebuild", "--verify")} <= found


def variables() -> set[str]:
    """All that are read: as settings, by the commands, by compose and by the tests."""
    code = "".join(path.read_text() for path in [*(ROOT / "deploy").rglob("*.py"), ROOT / "tests" / "conftest.py"])
    compose = (ROOT / "compose.yaml").read_text()
    settings = {f"RECOURSE_{name.upper()}" for name, field in Installation.model_fields.items() if field.description}
    return (
        settings | set(re.findall(r'"(RECOURSE_[A-Z_]+[A-Z])"', code)) | set(re.findall(r"\$\{(RECOURSE_\w+)", compose))
    )


@pages
def test_every_variable_is_read(page: Path) -> None:
    named = {name.removesuffix("_FILE") for name in re.findall(r"RECOURSE_[A-Z_]+[A-Z]", page.read_text())}
    assert named <= variables()


def test_the_operator_is_told_of_every_variable() -> None:
    page = (ROOT / "docs" / "operator.md").read_text()
    tests = set(re.findall(r'"(RECOURSE_[A-Z_]+[A-Z])"', (ROOT / "tests" / "conftest.py").read_text()))
    assert {name for name in variables() - tests if f"`{name.removesuffix('_FILE')}`" not in page} == set()
