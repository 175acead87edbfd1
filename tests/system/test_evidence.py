"""Evidence by the commands, of a complaint that went its whole way through a running installation."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.cli.command import app
from tests.serving import until
from tests.system.conftest import Site
from tests.system.test_life import received, seen


@pytest.fixture
def recourse(site: Site, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command, for the installation that runs."""
    at = site.installation
    named = {
        "URL": at.url, "KAFKA": at.kafka, "POSTGRES": at.postgres, "SECRET": at.secret, "MASTER_KEY": at.master_key,
        "TOPIC_PREFIX": at.topic_prefix, "SMTP": at.smtp,
    }  # fmt: skip
    for name, value in named.items():
        monkeypatch.setenv(f"RECOURSE_{name}", value)

    async def run(*words: object) -> Any:
        return await asyncio.to_thread(CliRunner().invoke, app, ["audit", *map(str, words)])

    return run


async def done(running: Any) -> str:
    finished = await running
    assert finished.exit_code == 0, finished.output
    return str(finished.stdout)


async def test_evidence_is_written_checked_and_refused_once_it_is_altered(
    site: Site, recourse: Any, tmp_path: Path
) -> None:
    bundle, key, old = tmp_path / "evidence.json", tmp_path / "key.txt", tmp_path / "old.txt"
    async with site.client("machine") as client:
        made = await received(client, "The branch lost my cheque.", email="evidence@example.org")
        await seen(client, f"/api/v1/audit/{made['id']}", lambda body: "message.sent" in str(body))
    key.write_text(await done(recourse("key")))
    assert (await done(recourse("checkpoint", "-o", old, "--mail", "notary@example.org"))) == old.read_text()
    kept = tmp_path / "mailed.txt"
    kept.write_bytes((await mailed(site, "notary@example.org")).encode())
    assert kept.read_text() == old.read_text()
    assert "is signed" in await done(recourse("check", kept, "--key", key, "--checkpoint", old))
    await done(recourse("bundle", made["id"], "-o", bundle))
    said = await done(recourse("check", bundle, "--key", key))
    assert f"aggregates, with {made['id']} among these;" in said
    assert "The branch lost my cheque." not in bundle.read_text()
    opened = tmp_path / "opened.json"
    await done(recourse("bundle", made["id"], "-o", opened, "--open"))
    assert "The branch lost my cheque." in opened.read_text()
    unkeyed = await recourse("check", bundle)
    assert (unkeyed.exit_code, "Not proved: who signed" in unkeyed.stdout) == (2, True)
    document = json.loads(bundle.read_text())
    del document["records"][0]["proof"][:1]
    bundle.write_text(json.dumps(document | {"records": document["records"]}))
    refused = await recourse("check", bundle, "--key", key)
    assert (refused.exit_code, refused.stdout) == (1, "")
    checker = tmp_path / "check.py"
    await done(recourse("checker", "-o", checker))
    assert "def check_bundle" in checker.read_text()


async def test_growth_is_proved_between_numbers_and_from_a_file_that_was_kept(
    site: Site, recourse: Any, tmp_path: Path
) -> None:
    old, proof = tmp_path / "old.txt", tmp_path / "growth.json"
    await done(recourse("checkpoint", "-o", old))
    async with site.client("machine") as client:
        await received(client, "Nobody called me back.", email="growth@example.org")
    new = json.loads(await done(recourse("checkpoint", "--json")))

    async def listed() -> bool:
        done: int = (await recourse("consistency", old, new["number"], "--key", new["key"])).exit_code
        return done == 0

    await until(listed, 60)
    unkeyed = await recourse("consistency", old, new["number"], "-o", proof)
    assert (unkeyed.exit_code, "Not proved: who signed" in unkeyed.stdout) == (2, True)
    assert "only grew from checkpoint" in await done(recourse("check", proof, "--key", new["key"], "--checkpoint", old))
    assert (await recourse("consistency", new["number"], old)).exit_code == 1
    assert (await recourse("consistency", "nowhere", old)).exit_code == 1


async def mailed(site: Site, address: str) -> str:
    async def look() -> Any:
        async with site.apps["intake"].state.runtime.pool.connection() as conn:
            found = await conn.execute("select body from mailbox where recipient = %s", [address])
            return await found.fetchone()

    return str((await until(look, 60))[0])
