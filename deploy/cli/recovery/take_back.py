"""Events that were sent after a backup was made: a restored event table takes them back from Kafka, where it is whole.

They keep their positions, versions and bytes. What only the table holds is left for the relay to send.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any

import orjson
import psycopg
from psycopg.sql import SQL, Identifier

from deploy.cli.bus.kafka_log import batches, whole
from deploy.cli.console import Refused
from deploy.cli.recovery.chains import chained, events_of, highest
from services.reporting.audit.findings import Finding
from services.reporting.audit.log.sent import Place, Sent, version_of
from services.reporting.audit.log.stores import relayed_by
from services.reporting.audit.verify import verify_topic
from shared.events import OWNERS
from shared.kafka import chain
from shared.kafka.records import Malformed, read
from shared.kafka.topics import Cluster, partition_of

Connection = psycopg.Connection[Any]
RESERVE = 1_000_000_000
"""Positions left free where Kafka may have lost some: they may have been given since, and subscribers know them."""


async def take_back(service: str, conn: Connection, cluster: Cluster) -> int:
    """In the caller's transaction; answers how many. Raises `Refused` unless the topics are empty or whole."""
    relayed, sent = relayed_by(conn), Sent()
    findings = [one for topic in _topics(service) for one in await verify_topic(cluster, topic, sent, relayed)]
    if not sent.records:
        set_relayed(conn, 0, {})
        _reserve(service, conn, RESERVE)
        return 0
    known = highest(service, conn)
    newer = [place for place in _without_added(sent, findings) if place.position > known]
    _check(service, findings, newer)
    await _insert(service, conn, cluster, newer)
    whole, ends = 0, {}
    stored, held = chained(service, conn, cluster, sent.partitions), _without_added(sent, findings)
    for (position, place, link), record in zip(stored, held, strict=False):
        if position != record.position:
            break
        whole, ends[place] = position, (position, link)
    set_relayed(conn, whole, ends)
    # Without newer ones, a restore that was cut short may have sent all.
    _reserve(service, conn, 0 if newer else RESERVE)
    return len(newer)


async def only_in_kafka(service: str, conn: Connection, cluster: Cluster) -> int:
    """Count the events that the table lacks: deleting the topics would lose them."""
    known, found = highest(service, conn), set()
    async for batch in whole(cluster, *_topics(service)):
        for raw in batch:
            with suppress(Malformed):
                found.add(read(raw).position)
    return sum(position > known for position in found)


def set_relayed(conn: Connection, position: int, ends: Mapping[chain.Place, tuple[int, bytes]]) -> None:
    """The relay goes on from here."""
    conn.execute("update relay_position set position = %s", [position])
    conn.execute("delete from relay_partitions")
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into relay_partitions (topic, partition, position, chain) values (%s, %s, %s, %s)",
            [(*place, *end) for place, end in ends.items()],
        )


def _topics(service: str) -> list[str]:
    return [topic for topic, owner in OWNERS.items() if owner == service]


def _without_added(sent: Sent, findings: Collection[Finding]) -> Iterator[Place]:
    """Records that strangers added are no events: as the audit finds, or by a key that belongs elsewhere."""
    added = [one for one in findings if one.kind == "added"]
    offsets = {(one.topic, one.partition, one.offset) for one in added}
    positions = {(one.topic, one.partition, one.position) for one in added if one.offset is None}
    for place in sent.in_order():
        at = place.topic, partition_of(place.event.split("/")[1].encode(), sent.partitions[place.topic])
        ours = place.partition == at[1] and (*at, place.offset) not in offsets
        if ours and (*at, place.position) not in positions:
            yield place


def _check(service: str, findings: Collection[Finding], newer: Collection[Place]) -> None:
    """Refuse a log with more wrong than records that strangers added: nobody can say what was sent."""
    wrong = next((str(one) for one in findings if one.kind != "added"), None)
    twice = [position for position, times in Counter(place.position for place in newer).items() if times > 1]
    if not wrong and twice:
        wrong = f"two partitions hold position {twice[0]}, which was given to one event"
    if wrong:
        raise Refused(
            f"Kafka cannot be joined to this backup: {wrong}. Keep the topics: they hold {len(newer):,} events of"
            f" {service} that the backup does not. Restore a later backup, if there is one. Only where all that came"
            " after this backup may be lost, delete the topics and restore again."
        )


async def _insert(service: str, conn: Connection, cluster: Cluster, newer: Collection[Place]) -> None:
    """Keep the cause of each event until every policy has passed it."""
    wanted = {(cluster.name(place.topic), place.partition, place.offset) for place in newer}
    starts: dict[chain.Place, int] = {}
    for topic, partition, offset in sorted(wanted):
        starts.setdefault((topic, partition), offset)
    insert = SQL(
        "insert into {} (originator_id, originator_version, topic, state, notification_id, trace)"
        " values (%s, %s, %s, %s, %s, %s)"
    ).format(events_of(service))
    async for batch in batches(cluster, starts):
        records = [read(raw) for raw in batch if (raw.topic, raw.partition, raw.offset) in wanted]
        causes = {cause for record in records if (cause := orjson.loads(record.value).get("caused_by"))}
        with conn.cursor() as cursor:
            cursor.executemany(
                insert, [(r.originator_id, version_of(r), r.name, r.value, r.position, r.trace) for r in records]
            )
        conn.execute("insert into answered select unnest(%s::text[]) on conflict do nothing", [list(causes)])


def _reserve(service: str, conn: Connection, more: int) -> None:
    """The next position follows the highest that is known, and `more` that may have been given."""
    sequence = f"{service}_events_notification_id_seq"
    query = SQL("select setval({}, greatest(last_value, %s)) from {}").format(sequence, Identifier(sequence))
    conn.execute(query, [highest(service, conn) + more])
