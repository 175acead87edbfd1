"""What the README and docs/ say is there: files, commands, options, variables, and a program that runs."""

import asyncio
import re
import shlex
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import typer
from aiokafka import AIOKafkaProducer

from deploy.command import app
from tests.serving import until
from tests.shared.conftest import Stories, reopening, stories

__all__ = ["stories"]
ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"(?:^|[`(]|\$\()(?:\.venv/bin/)?recourse((?: [^`\n]+)?)", re.MULTILINE)
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@pages
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if not re.match(r"\w+:", link)]
    assert [link for link in links if not (page.parent / link).exists()] == []


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
    rest = list(words)
    while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
        assert rest[0] in command.commands, f"recourse {' '.join(words)}"
        command = command.commands[rest.pop(0)]
    return command, {word.split("=")[0] for word in rest if word.startswith("--")}


def test_commands_are_found_in_the_pages() -> None:
    found = {tuple(words[:2]) for page in PAGES for words in commands(page.read_text())}
    assert {("audit", "verify"), ("dead", "replay"), ("demo",), ("rebuild", "--verify")} <= found


@pages
def test_every_variable_is_read(page: Path) -> None:
    code = "".join(path.read_text() for path in (ROOT / "deploy").rglob("*.py"))
    named = {name.removesuffix("_FILE") for name in re.findall(r"RECOURSE_[A-Z_]+[A-Z]", page.read_text())}
    assert {name for name in named if f'"{name}"' not in code} == set()


async def test_the_subscriber_copies_each_event_once_and_stops_at_a_gap(stories: Stories, tmp_path: Path) -> None:
    program, copy = tmp_path / "copy_topic.py", tmp_path / "copy.db"
    program.write_text(subscriber())
    cluster, cases = stories.settings.kafka, [uuid4() for _ in range(5)]
    async with stories.running() as runtime:
        for version in (1, 2, 3):
            await runtime.commits.save([reopening(case, version) for case in cases])
        process = await start(program, cluster.bootstrap, cluster.name("cases"), copy)

        async def whole() -> bool:
            return len(copied(copy)) == 15

        await until(whole, 60)
        process.terminate()
        await process.wait()
    assert set(copied(copy)) == {f"cases/{case}/{version}" for case in cases for version in (1, 2, 3)}

    async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap) as kafka:
        key, value = str(cases[0]).encode(), b"{}"
        for name, position, previous in (("again", 1, 0), ("after-a-gap", 1_000, 999)):
            headers = {"ce_position": position, "ce_previous": previous, "ce_id": name, "ce_type": "case.reopened.v1"}
            sent = [(header, str(given).encode()) for header, given in headers.items()]
            await kafka.send_and_wait(cluster.name("cases"), value, key, headers=sent)
    process = await start(program, cluster.bootstrap, cluster.name("cases"), copy)
    said = (await asyncio.wait_for(process.communicate(), 60))[1].decode()
    assert process.returncode == 1
    assert "999 comes before 1000" in said
    assert len(copied(copy)) == 15


def subscriber() -> str:
    """The program as the page prints it."""
    text = (ROOT / "docs" / "integrator.md").read_text()
    found = re.search(r"<!-- tests/test_docs.py runs this program -->\n```python\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1]


async def start(program: Path, *words: object) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, str(program), *map(str, words), stderr=asyncio.subprocess.PIPE
    )


def copied(path: Path) -> list[str]:
    """The ids that the copy has; none before its tables are there."""
    if not path.exists():
        return []
    db = sqlite3.connect(path)
    try:
        return [row[0] for row in db.execute("select id from events")]
    except sqlite3.OperationalError:
        return []
    finally:
        db.close()
