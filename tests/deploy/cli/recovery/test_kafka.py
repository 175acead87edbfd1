"""Kafka is lost and the databases stand: the log is made again as it was, and nobody downstream sees a difference."""

from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from deploy.cli.bus.kafka_log import delete_topics, whole
from deploy.cli.console import Refused
from deploy.cli.operations import database
from deploy.cli.recovery.restore import rebuilt, restored
from deploy.services import SERVICES
from shared.events import OWNERS
from shared.kafka.records import read
from shared.kafka.topics import PEOPLE_KEYS
from tests.deploy.cli.recovery.conftest import Site, silent
from tests.deploy.cli.recovery.test_backup import CutShort, cut_short_at, saved


@dataclass
class Subscriber:
    """As the integrator's guide says: keeps the last position of each partition, and reads the log from anywhere."""

    seen: dict[tuple[str, int], int] = field(default_factory=dict)
    gaps: int = 0

    async def read(self, site: Site) -> int:
        """How many records are new to it."""
        new = 0
        async for batch in whole(site.at.cluster, *OWNERS):
            for record in map(read, batch):
                place = record.topic, record.partition
                if record.position > self.seen.get(place, 0):
                    self.gaps += record.previous != self.seen.get(place, 0)
                    self.seen[place] = record.position
                    new += 1
        return new


async def test_the_log_is_made_again(site: Site) -> None:
    subscriber = Subscriber()
    async with site.running():
        for number in range(5):
            await site.complain(email=f"{number}@example.org")
        await site.settled()
        assert await subscriber.read(site) > 20
    events, views, log, keys = site.all_events(), site.all_views(), await site.log(), await site.keys()
    await delete_topics(site.at.cluster, [*OWNERS, PEOPLE_KEYS])
    done = await rebuilt(site.at, silent)
    assert not done.findings
    assert (await site.log(), site.all_views(), await site.keys()) == (log, views, keys)
    assert (await subscriber.read(site), subscriber.gaps) == (0, 0)
    async with site.running():
        await site.person_of(await site.complain())
        await site.settled()
        new = sum(map(len, site.all_events().values())) - sum(map(len, events.values()))
        assert (await subscriber.read(site), subscriber.gaps) == (new, 0)
        assert len(site.mail()) == 6
        await site.verified()
    await delete_topics(site.at.cluster, ["complaints"])
    again = await rebuilt(site.at, silent)
    assert not again.findings
    assert (await subscriber.read(site), subscriber.gaps) == (0, 0)


async def test_services_that_ran_on_beside_an_empty_log(site: Site) -> None:
    """Then it begins with a hole, and is made whole."""
    subscriber = Subscriber()
    async with site.running():
        made = await site.complain_into_all()  # so that whatever comes next has something before it
        await site.settled()
        await subscriber.read(site)
    await delete_topics(site.at.cluster, [*OWNERS, PEOPLE_KEYS])
    async with site.running():
        await site.complain()
        await site.until_sent()
    done = await rebuilt(site.at, silent)
    assert not done.findings
    async with site.running():
        await site.settled()
        assert len(site.mail()) == made + 1
        await subscriber.read(site)
        assert subscriber.gaps == 0
        await site.verified()


async def test_what_the_databases_lack_is_not_deleted(site: Site, tmp_path: Path) -> None:
    """They came back older: a backup of them, restored, takes back what Kafka has."""
    async with site.running():
        await site.person_of(await site.complain())
        await site.settled()
    on_databases(site, "create database {older} template {now}")
    async with site.running():
        await site.person_of(await site.complain())
        await site.settled()
    events, views, log = site.all_events(), site.all_views(), await site.log()
    on_databases(site, "drop database {now}", "alter database {older} rename to {now}")
    with pytest.raises(Refused, match=r"that the database of .* does not"):
        await rebuilt(site.at, silent)
    assert await site.log() == log
    path = await saved(site, tmp_path)
    site.lose_databases()
    await restored(site.at, path, [], silent)
    assert (site.all_events(), site.all_views()) == (events, views)
    async with site.running():
        await site.settled(60)
        assert site.all_events() == events
        await site.verified()


def on_databases(site: Site, *commands: str) -> None:
    """Of each service: the one that it uses, and an `older` one beside it."""
    with psycopg.connect(site.at.postgres, autocommit=True) as server:
        for name, command in product(SERVICES, commands):
            now, older = Identifier(f"recourse_{name}"), Identifier(f"{site.at.topic_prefix}{name}")
            server.execute(SQL(command).format(now=now, older=older))


async def test_offsets_are_right_though_it_was_cut_short(site: Site) -> None:
    """The log that was lost held more records than the one that is made; each hint would hide as many."""
    async with site.running():
        await site.person_of(await site.complain())
        await site.settled()
    for name in SERVICES:
        with psycopg.connect(database(site.at, name)) as conn:
            conn.execute("update progress set next_offset = next_offset + 1000")
    await delete_topics(site.at.cluster, [*OWNERS, PEOPLE_KEYS])
    for step in ("Comparing", "Sending cases", "Reading into cases", "Verifying"):
        with pytest.raises(CutShort):
            await rebuilt(site.at, cut_short_at(step))
    await rebuilt(site.at, silent)
    async with site.running():
        await site.person_of(await site.complain())
        await site.settled()
    hints = "select consumer, topic, partition, next_offset from progress where next_offset >= 1000"
    assert {name: site.rows(name, hints) for name in SERVICES} == {name: [] for name in SERVICES}
