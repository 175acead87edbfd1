"""Checks that the log is what was written: each topic against its own chain, each store against what was sent.

The chain of a partition shows what was changed, taken out or slipped in between. Who rewrites all that follows as well
gives another last value than the one that the owner recorded, and other bytes than its event table holds.
"""

import asyncio
from collections.abc import Mapping

import psycopg

from services.reporting.audit.findings import Finding, Verified
from services.reporting.audit.log.chains import Chain
from services.reporting.audit.log.sent import Sent, version_of
from services.reporting.audit.log.stores import Relayed, relayed_by, verify_store
from shared.events import OWNERS
from shared.kafka.clients import read_to, reader, required_partitions
from shared.kafka.records import HIGHEST, ConsumerRecord, Malformed, Record, read
from shared.kafka.topics import Cluster


async def verify(cluster: Cluster, databases: Mapping[str, str]) -> Verified:
    """The topics and the event table of each service in `databases` (service -> URL of its database).

    How far a relay has sent is read first, the table last: a running system gives no false alarm.
    """
    total = Verified()
    for service, url in databases.items():
        with psycopg.connect(url, autocommit=True) as conn:
            relayed = await asyncio.to_thread(relayed_by, conn)
            sent = Sent()
            found: list[Finding] = []
            for topic in (topic for topic, owner in OWNERS.items() if owner == service):
                found += await verify_topic(cluster, topic, sent, relayed)
            total += Verified(records=sent.records, findings=tuple(found))
            total += await asyncio.to_thread(verify_store, conn, service, sent, relayed)
    return total


async def verify_topic(
    cluster: Cluster, topic: str, sent: Sent | None = None, relayed: Relayed | None = None
) -> list[Finding]:
    """Walk a topic from its beginning to its present end, in no group, and recompute the chain of each partition.

    What belongs to the chain is noted in `sent`; with `relayed` the end must be the one that the owner recorded.
    """
    sent = sent or Sent()
    chains: dict[int, Chain] = {}
    async with reader(cluster) as kafka:
        places = await required_partitions(kafka, cluster.name(topic))
        chains = {place.partition: Chain(topic, place.partition) for place in places}
        kafka.assign(places)
        async for batch in read_to(kafka, await kafka.end_offsets(places)):
            for raw in batch:
                sent.records += 1
                _take(chains[raw.partition], raw, sent)
    sent.partitions[topic] = len(chains)
    for number, chain in chains.items():
        if relayed is not None and (end := relayed.ends.get((cluster.name(topic), number))):
            chain.ends_at(*end)
        sent.gaps += [(topic, number, after, to) for after, to in chain.gaps()]
        for offset in chain.dropped:
            sent.drop(topic, number, offset)
    return [finding for chain in chains.values() for finding in chain.findings()]


def _take(chain: Chain, raw: ConsumerRecord, sent: Sent) -> None:
    try:
        record = _checked(read(raw))
    except ValueError as error:
        chain.refuse(raw.offset, str(error))
    else:
        if chain.take(record):
            sent.add(chain.topic, record)
        chain.compare_headers(record)


def _checked(record: Record) -> Record:
    """Raises `Malformed` for what no relay sends, so that all that follows may rely on it."""
    if record.id.rpartition("/")[0].rpartition("/")[2] != str(record.originator_id):
        raise Malformed("its id does not name its key")
    if not 0 < version_of(record) <= HIGHEST:
        raise Malformed("its id has no version")
    return record
