"""The databases are lost, Kafka stands, and somebody else has written to it: what is taken back is what was sent."""

import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from deploy.cli.bus.kafka_log import whole
from deploy.cli.console import Refused
from deploy.cli.recovery.restore import rebuilt, restored
from shared.kafka.records import chain, headers, read
from shared.kafka.topics import partition_of
from tests.deploy.cli.recovery.conftest import PARTITIONS, Site, silent
from tests.deploy.cli.recovery.test_backup import saved

NAME = "case.closed.v1"
NO_LINK = bytes(32)


def id_in(partition: int) -> str:
    made = (str(uuid.uuid4()) for _ in range(1000))
    return next(key for key in made if partition_of(key.encode(), PARTITIONS) == partition)


async def gone_on(site: Site, folder: Path) -> Path:
    """A backup, after which every partition of cases went on."""
    async with site.running():
        await site.person_of(await site.complain())
        await site.settled()
        path = await saved(site, folder)
        await site.complain_into_all()
        await site.settled()
    return path


@dataclass(frozen=True)
class End:
    """The last of a partition."""

    partition: int
    position: int
    chain: bytes


async def ends(site: Site) -> list[End]:
    """Of cases, as Kafka has them."""
    last: dict[int, End] = {}
    async for batch in whole(site.at.cluster, "cases"):
        last |= {record.partition: End(record.partition, record.position, record.chain) for record in map(read, batch)}
    return [last[number] for number in range(PARTITIONS)]


def relayed(site: Site) -> list[End]:
    """Of cases, from where its relay goes on."""
    return [
        End(*row) for row in site.rows("cases", "select partition, position, chain from relay_partitions order by 1")
    ]


@dataclass
class Stranger:
    """May write to Kafka, and knows all that stands there."""

    site: Site

    async def put(
        self, partition: int, position: int, previous: int, link: bytes | None = None, *,
        after: bytes = NO_LINK, key: str = "",
    ) -> bytes:  # fmt: skip
        """Without a `link` with the one that follows from `after`; answers it."""
        key = key or id_in(partition)
        value = b'{"originator_id":"%s","recorded_at":"2026-03-14T09:00:00Z","actor":"mallory"}' % key.encode()
        link = link or chain(after, position, NAME, value)
        made = headers(
            topic="cases", key=key, version=1, name=NAME, value=value, service="cases", position=position,
            previous=previous, chained=link, trace=None,
        )  # fmt: skip
        async with AIOKafkaProducer(bootstrap_servers=self.site.at.kafka) as producer:
            await producer.send_and_wait(
                self.site.at.cluster.name("cases"), value, key.encode(), partition=partition, headers=made
            )
        return link


async def test_what_a_stranger_added_is_not_taken_back(site: Site, tmp_path: Path) -> None:
    """A wrong chain value; the position of another event; and the right value, where the key does not belong."""
    path = await gone_on(site, tmp_path)
    events, last = site.all_events(), await ends(site)
    first, second, third = sorted(last, key=lambda record: record.position)
    stranger = Stranger(site)
    await stranger.put(third.partition, third.position + 1, third.position, NO_LINK)
    await stranger.put(second.partition, third.position, second.position, NO_LINK)
    site.lose_databases()
    _, _, verified = await restored(site.at, path, [], silent)
    assert site.all_events() == events
    assert relayed(site) == last
    assert {finding.kind for finding in verified.findings} == {"added"}
    async with site.running():
        await site.complain_into_all()
        await site.settled()
        await site.verified(added=2)
    events, last = site.all_events(), await ends(site)
    first, *_, third = sorted(last, key=lambda record: record.position)
    key = id_in(third.partition)
    await stranger.put(first.partition, third.position + 1, first.position, after=first.chain, key=key)
    site.lose_databases()
    await restored(site.at, path, [], silent)
    assert site.all_events() == events
    assert relayed(site) == last


async def test_what_was_changed_beyond_the_backup_is_refused(site: Site, tmp_path: Path) -> None:
    path = await gone_on(site, tmp_path)
    last = max(await ends(site), key=lambda record: record.position)
    stranger, at = Stranger(site), last.position
    link = await stranger.put(last.partition, at + 1, at, bytes(31) + b"1")
    await stranger.put(last.partition, at + 2, at + 1, after=link)
    site.lose_databases()
    with pytest.raises(Refused, match=rf"changed in the topic: .* position {at + 1},"):
        await restored(site.at, path, [], silent)
    assert not any(site.all_events().values())


async def test_two_that_claim_one_position_are_refused(site: Site, tmp_path: Path) -> None:
    """Chain values follow from what everybody can read, so nobody can say which of the two was sent."""
    path = await gone_on(site, tmp_path)
    first, *_, last = sorted(await ends(site), key=lambda record: record.position)
    await Stranger(site).put(first.partition, last.position, first.position, after=first.chain)
    site.lose_databases()
    with pytest.raises(Refused, match=f"two partitions hold position {last.position},"):
        await restored(site.at, path, [], silent)
    assert not any(site.all_events().values())


async def test_nobody_is_advised_to_delete_what_only_kafka_has(site: Site, tmp_path: Path) -> None:
    """A hole: the events beyond the backup are nowhere else, and to make the log again would lose them too."""
    path = await gone_on(site, tmp_path)
    last = (await ends(site))[0]
    await Stranger(site).put(last.partition, 1_000_000, 999_999, NO_LINK)
    log = await site.log()
    site.lose_databases()
    with pytest.raises(Refused, match="Keep the topics: they hold") as refused:
        await restored(site.at, path, [], silent)
    assert "rebuild" not in str(refused.value)
    with pytest.raises(Refused, match=r"events that the database of .* does not"):
        await rebuilt(site.at, silent)
    assert await site.log() == log
