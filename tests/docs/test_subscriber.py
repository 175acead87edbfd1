"""The Python subscriber of docs/integrator.md."""

import asyncio
import signal
import sqlite3
import sys
from pathlib import Path
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from tests.docs.blocks import every
from tests.serving import until
from tests.shared.conftest import Stories, reopening, stories

__all__ = ["stories"]


async def test_the_subscriber_copies_each_event_once_and_stops_at_a_gap(stories: Stories, tmp_path: Path) -> None:
    program, copy = tmp_path / "copy_topic.py", tmp_path / "copy.db"
    [text] = [block.text for block in every() if block.mark == f"file: {program.name}"]
    program.write_text(text)
    cluster, cases = stories.settings.cluster, [uuid4() for _ in range(5)]
    async with stories.running() as runtime:
        for version in (1, 2, 3):
            await runtime.commits.save([reopening(case, version) for case in cases])
        process = await start(program, cluster.bootstrap, cluster.name("cases"), copy)

        async def whole() -> bool:
            return len(copied(copy)) == 15

        await until(whole, 60)
        process.send_signal(signal.SIGINT)
        assert (await asyncio.wait_for(process.communicate(), 60))[1].decode() == "", "Ctrl-C ends it quietly"
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


async def start(program: Path, *words: object) -> asyncio.subprocess.Process:
    """With an ear for Ctrl-C, to which what a shell runs in the background is deaf."""
    return await asyncio.create_subprocess_exec(
        sys.executable, str(program), *map(str, words), stderr=asyncio.subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


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
