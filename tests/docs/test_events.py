"""The distribution `recourse-events` by itself: in a venv without the services it reads and opens what they publish."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from shared.kafka.topics import PEOPLE_KEYS
from tests.contracts.samples import FOLDER
from tests.docs.blocks import ROOT, every
from tests.serving import MASTER
from tests.shared.conftest import Stories, met, note, reopening, stories

__all__ = ["stories"]
ALONE = """
import importlib, importlib.util, pathlib, pkgutil, sys
import shared.events
from shared.events import EVENTS, decode
for module in pkgutil.iter_modules(shared.events.__path__):
    importlib.import_module(f"shared.events.{module.name}")
samples = sorted(pathlib.Path(sys.argv[1]).glob("*.json"))
assert {decode(sample.stem, sample.read_bytes()).type for sample in samples} == set(EVENTS)
for absent in ("fastapi", "psycopg", "eventsourcing", "faststream", "shared.kafka"):
    assert importlib.util.find_spec(absent) is None, absent
print(len(samples))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a fresh venv, as the guide makes it."""
    reader = tmp_path_factory.mktemp("events") / "reader"
    subprocess.run([sys.executable, "-m", "venv", reader], check=True)
    pip: list[str | Path] = [reader / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "-q", ROOT / "shared" / "events", "aiokafka"], check=True)
    return reader / "bin" / "python"


def test_every_published_event_is_decoded_without_the_services(python: Path, tmp_path: Path) -> None:
    done = subprocess.run([python, "-Ic", ALONE, FOLDER], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(list(FOLDER.glob("*.json"))) > 20


async def test_the_program_of_the_guide_opens_sealed_fields(stories: Stories, python: Path, tmp_path: Path) -> None:
    program, cluster = tmp_path / "read_topic.py", stories.settings.cluster
    [text] = [block.text for block in every() if block.mark == f"file: {program.name}"]
    program.write_text(text)
    kept, erased, case = uuid4(), uuid4(), uuid4()
    async with stories.running() as runtime:
        await runtime.commits.save([met(kept), met(erased)])
        await runtime.commits.save([note(case, 1, kept, "They are furious."), note(case, 2, erased, "They are calm.")])
        words = [cluster.bootstrap, cluster.name(PEOPLE_KEYS), cluster.name("cases")]
        said = await printed(python, program, *words, lines=2)
        assert "They are furious." in said
        assert "They are calm." in said
        async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap) as kafka:
            await kafka.send_and_wait(cluster.name(PEOPLE_KEYS), None, str(erased).encode())
        await runtime.commits.save([reopening(case, 3)])
        said = await printed(python, program, *words, lines=3)
        assert "They are furious." in said
        assert "They are calm." not in said
        assert "'reason': 'again'" in said


async def printed(python: Path, program: Path, *words: str, lines: int) -> str:
    process = await asyncio.create_subprocess_exec(
        python, "-Iu", program, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"RECOURSE_MASTER_KEY": MASTER.hex()},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        return "".join([(await asyncio.wait_for(process.stdout.readline(), 60)).decode() for _ in range(lines)])
    finally:
        process.kill()
        await process.wait()
