"""Every command of the README and of docs/ is run, in the pages' order, against one installation."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from deploy.installation import running_on
from shared.kafka.dead_letters import dead_letters
from tests.docs.blocks import ROOT, every, of_stage
from tests.docs.elsewhere import ELSEWHERE
from tests.docs.running import Shell
from tests.serving import until
from tests.system.conftest import free_port

MARKS = ("run: up", "run: site", "run: stopped", "elsewhere", "tried")
CFPB = """Date received,Product,Consumer complaint narrative,Company,Complaint ID
2025-03-14,Mortgage,They lost my payment twice.,ACME BANK,11223344
"""
"""A file of the Consumer Complaint Database, with one row that was made up."""
RUNNING = ["README.md", "integrator.md", "auditor.md"]


def test_every_block_says_how_it_is_run() -> None:
    for block in every():
        known = block.mark in MARKS or block.mark.startswith(("file: ", "append: ", "change: "))
        assert known, f"{block} has no mark that is known: {block.mark!r}"
    assert {block.page for block in of_stage("site")} <= {*RUNNING, "operator.md"}
    assert {block.page for block in [*of_stage("up"), *of_stage("stopped")]} == {"operator.md"}


def test_what_runs_elsewhere_is_listed_and_runs_there() -> None:
    lines = [line for block in every() if block.mark == "elsewhere" for line in block.text.splitlines()]
    said = {line.partition("  #")[0].strip() for line in lines}
    assert said == set(ELSEWHERE)
    for command, where in ELSEWHERE.items():
        assert where.by in (ROOT / where.file).read_text(), f"{command} is not run by {where.file}"


@pytest.fixture(scope="module")
def shell() -> Iterator[Shell]:
    """In a folder of its own: pytest closes the one that it gives to whom PostgreSQL runs as, at each other run."""
    with tempfile.TemporaryDirectory(prefix="reader-", ignore_cleanup_errors=True) as folder:
        made = Shell(Path(folder), free_port())
        _furnish(made)
        with made.quick():
            yield made


def _furnish(made: Shell) -> None:
    """What the pages take as being there: published contracts, a file to import, the programs that they print."""
    shutil.copytree(ROOT / "tests" / "contracts", made.folder / "tests" / "contracts")
    (made.folder / "complaints.csv").write_text(CFPB)
    for block in every():
        if block.mark.startswith("file: ") and "/" not in block.mark:
            made.write(block)


@pytest.fixture(scope="module")
def site(shell: Shell) -> Iterator[ExitStack]:
    """Started as the page says; the last test closes it."""
    [start] = of_stage("up")
    with ExitStack() as running:
        running.enter_context(shell.beside(start, shell.folder / ".data" / "running.json"))
        yield running


@pytest.mark.parametrize("page", RUNNING)
def test_commands_beside_a_running_installation(shell: Shell, site: ExitStack, page: str) -> None:
    _run(shell, "site", page)


async def test_a_stranger_sends_what_the_operator_is_shown(shell: Shell, site: ExitStack) -> None:
    """What the page on dead letters is about."""
    cluster = running_on(shell.folder / ".data").cluster
    async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap) as kafka:
        await kafka.send_and_wait(cluster.name("cases"), b"no event", b"nobody")

    async def set_aside() -> bool:
        return "cases.caseload" in {letter.group for letter in await dead_letters(cluster)}

    await until(set_aside, 120)


def test_commands_of_the_operator(shell: Shell, site: ExitStack) -> None:
    _run(shell, "site", "operator.md")


def test_commands_while_nothing_runs(shell: Shell, site: ExitStack) -> None:
    site.close()
    _run(shell, "stopped", "operator.md")


def _run(shell: Shell, stage: str, page: str) -> None:
    for block in of_stage(stage):
        if block.page == page:
            shell.run(block)
