"""What a backup of a running installation brings back when the databases are lost, and when Kafka is lost with them."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from deploy.cli.console import Refused, Say
from deploy.cli.operations import database
from deploy.cli.people.certificate import certificate
from deploy.cli.people.certificate_text import text
from deploy.cli.recovery import archive, backup
from deploy.cli.recovery.restore import rebuilt, restored
from deploy.cli.recovery.take_back import RESERVE
from tests.deploy.cli.recovery.conftest import Site, silent


async def saved(site: Site, folder: Path) -> Path:
    path = folder / "backup.tar.gz"
    await asyncio.to_thread(backup.write, site.at, path)
    return path


async def test_all_is_lost(site: Site, tmp_path: Path) -> None:
    """The same events, records, chains and views; nothing is sent again, no position is given twice."""
    async with site.running():
        complaints = [await site.complain(email=f"{number}@example.org") for number in range(4)]
        since, before = await site.person_of(complaints[0]), await site.person_of(complaints[1])
        await site.erase(before)
        await site.settled()
        path = await saved(site, tmp_path)
        events, views, log = site.all_events(), site.all_views(), await site.log()
        assert len(site.mail()) == 3
        await site.erase(since)
        with pytest.raises(Refused, match="is running"):
            await restored(site.at, path, [], silent)
    site.lose_databases()
    await site.lose_kafka()
    _, _, verified = await restored(site.at, path, [], silent)
    assert not verified.findings
    assert site.all_events() == events
    assert site.all_views() == views
    assert await site.log() == log
    with pytest.raises(Refused, match="not empty"):
        await restored(site.at, path, [], silent)
    async with site.running():
        await site.settled()
        assert site.mail() == []
        complaint = await site.complain(email="new@example.org")
        await site.person_of(complaint)
        await site.settled()
        assert len(site.mail()) == 1
        assert site.events("intake")[len(events["intake"])][0] == events["intake"][-1][0] + RESERVE + 1
        assert await site.holding("0@example.org")
        assert not await site.holding("1@example.org")
        await site.verified()
    site.lose_databases()
    await site.lose_kafka()
    await restored(site.at, path, [UUID(since)], silent)
    assert not await site.holding("0@example.org")
    assert await site.holding("2@example.org")
    async with site.running(), site.client("compliance") as client:
        at, found = f"/api/v1/people/{since}/erasure", await certificate(site.at, UUID(since), datetime.now(UTC))
        assert (found.proof, found.destroyed, found.confirmed) == (None, True, False)
        said = "\n".join(text(found))
        assert "every key is destroyed, and no event of it exists" in said
        asked = (await client.get(at)).json()
        assert (asked["state"], asked["holds"], asked["until"]) == ("destroyed", [], None)
        again = await client.post(at, json={"reason": "GDPR Article 17"})
        assert (again.status_code, again.json()["state"]) == (200, "erased"), again.text
        assert (await client.get(at)).json()["state"] == "erased"
        assert not (await certificate(site.at, UUID(await site.person_of(complaints[2])), datetime.now(UTC))).destroyed


async def test_kafka_stands_and_has_gone_on(site: Site, tmp_path: Path) -> None:
    """A backup under load; what was sent since is taken back from Kafka, and no policy does its work twice."""
    async with site.running():
        complaints = [await site.complain() for _ in range(3)]
        load = asyncio.gather(*[site.complain() for _ in range(30)])
        path = await saved(site, tmp_path)
        complaints += await load
        erased = await site.person_of(complaints[0])
        await site.erase(erased)
        async with site.client() as client:
            lowered = {"priority": "low", "reason": "It was settled by telephone."}
            done = await client.post(f"/api/v1/cases/{complaints[1]}/priority", json=lowered)
            assert done.status_code == 200, done.text
        await site.settled()
        mail = site.mail()
    events, views, log = site.all_events(), site.all_views(), await site.log()
    site.lose_databases()
    manifest, taken_back, verified = await restored(site.at, path, [], silent)
    assert not verified.findings
    assert taken_back == sum(map(len, events.values())) - manifest.events > 0
    assert site.all_events() == events
    assert site.all_views() == views
    assert await site.log() == log
    async with site.running():
        await site.settled()
        assert site.mail() == []
        assert site.all_events() == events
        await site.person_of(await site.complain())
        await site.settled()
        assert site.events("intake")[len(events["intake"])][0] == events["intake"][-1][0] + 1
        assert len(site.mail()) == 1
        assert (len(mail), await site.held_keys(erased)) == (32, 0)
        await site.verified()


@pytest.mark.parametrize(
    ("kafka_is_lost", "step"), [(True, "Sending cases"), (True, "Reading into cases"), (False, "Reading into cases")]
)
async def test_a_restore_that_was_cut_short(site: Site, tmp_path: Path, step: str, *, kafka_is_lost: bool) -> None:
    """Run again if nothing was written yet; otherwise `recourse kafka rebuild` finishes it."""
    async with site.running():
        await site.person_of(await site.complain())
        await site.settled()
        path = await saved(site, tmp_path)
        events = site.all_events()
        await site.person_of(await site.complain())
        await site.settled()
    site.lose_databases()
    if kafka_is_lost:
        await site.lose_kafka()
    for cut, refused in (("Comparing", CutShort), (step, CutShort), ("nowhere", Refused)):
        with pytest.raises(refused):
            await restored(site.at, path, [], cut_short_at(cut))
    assert not (await rebuilt(site.at, silent)).findings
    assert (site.all_events() == events) is kafka_is_lost
    events, views = site.all_events(), site.all_views()
    async with site.running():
        await site.settled()
        assert (site.all_events(), site.all_views()) == (events, views)
        await site.complain()
        left_free = RESERVE if kafka_is_lost else 0
        assert site.events("intake")[len(events["intake"])][0] == events["intake"][-1][0] + left_free + 1
        await site.verified()


class CutShort(Exception):
    """Somebody has stopped it."""


def cut_short_at(step: str) -> Say:
    def say(what: str, done: int, total: int | None) -> None:
        if what.startswith(step):
            raise CutShort

    return say


async def test_a_table_that_nobody_has_classified(site: Site, tmp_path: Path) -> None:
    async with site.running():
        with psycopg.connect(database(site.at, "cases")) as conn:
            conn.execute("create table forgotten (id int)")
        with pytest.raises(Refused, match="forgotten"):
            await saved(site, tmp_path)
    assert not await asyncio.to_thread(lambda: list(tmp_path.iterdir()))


async def test_made_when_kafka_had_lost_its_topics(site: Site, tmp_path: Path) -> None:
    """It says how many partitions they had; one that does not takes those that are there."""
    async with site.running():
        await site.complain_into_all()
        await site.settled()
    events, log = site.all_events(), await site.log()
    await site.lose_kafka()
    path, silent_one = await saved(site, tmp_path), tmp_path / "silent.tar.gz"
    site.lose_databases()
    await restored(site.at, path, [], silent)
    assert (site.all_events(), await site.log()) == (events, log)
    with archive.writing(silent_one) as add:
        for name, content in archive.members(path):
            known = archive.checked(path).model_copy(update={"topics": {}}).model_dump_json().encode()
            add(name, known if name == archive.MANIFEST else content)
    site.lose_databases()
    await restored(site.at, silent_one, [], silent)
    assert (site.all_events(), await site.log()) == (events, log)
