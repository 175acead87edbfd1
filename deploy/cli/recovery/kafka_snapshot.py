"""One service's events as Kafka has them, in a temporary table; records that the audit calls added are left out."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import psycopg

from deploy.cli.bus.kafka_log import batches, places
from deploy.cli.recovery.partitions import Refused
from services.reporting.audit.findings import Finding
from services.reporting.audit.log.chains import Chain
from services.reporting.audit.log.sent import version_of
from shared.events import OWNERS
from shared.kafka.chain import Place
from shared.kafka.records import HIGHEST, ConsumerRecord, Malformed, Record, read
from shared.kafka.topics import Cluster, partition_of

Connection = psycopg.Connection[Any]
IN_KAFKA = """
create temp table in_kafka (
  topic text, partition int, kafka_offset bigint, position bigint, previous bigint, chain bytea,
  originator_id uuid, originator_version bigint, name text, digest bytea, state bytea, trace text
) on commit drop
"""
TYPES = ["text", "int4", "int8", "int8", "int8", "bytea", "uuid", "int8", "text", "bytea", "bytea", "text"]
WITHOUT = """
delete from in_kafka k using unnest(%b::text[], %b::int[], %b::bigint[], %b::bigint[])
  as added (topic, partition, kafka_offset, position)
where (k.topic, k.partition) = (added.topic, added.partition)
  and k.kafka_offset = coalesce(added.kafka_offset, k.kafka_offset)
  and k.position = coalesce(added.position, k.position)
"""


async def load(service: str, conn: Connection, cluster: Cluster, highest: int) -> int:
    """Every record of the chains; the bytes only of those beyond `highest`, which the table lacks: answers how many.

    Raises `Refused` where one of those was changed, or where two claim one position: nobody else knows what was sent.
    """
    conn.execute(IN_KAFKA)
    owned = await places(cluster, [topic for topic, owner in OWNERS.items() if owner == service])
    counts = {topic: number + 1 for topic, number in sorted(owned)}
    chains = {place: Chain(*place) for place in owned}
    with conn.cursor() as cursor, cursor.copy("copy in_kafka from stdin (format binary)") as copy:
        copy.set_types(TYPES)
        async for batch in batches(cluster, dict.fromkeys(chains, 0)):
            for raw in batch:
                record = _sent(raw, counts[raw.topic])
                if record is not None and chains[record.topic, record.partition].take(record):
                    copy.write_row((
                        record.topic, record.partition, record.offset, record.position, record.previous, record.chain,
                        record.originator_id, version_of(record), record.name, sha256(record.value).digest(),
                        record.value if record.position > highest else None, record.trace,
                    ))  # fmt: skip
    _judge(service, conn, [finding for chain in chains.values() for finding in chain.findings()], highest)
    conn.execute("create index on in_kafka (position)")
    conn.execute("analyze in_kafka")
    return _beyond(service, conn, highest)


def _sent(raw: ConsumerRecord, partitions: int) -> Record | None:
    """None for what no relay sends, which `recourse audit verify` names."""
    try:
        record = read(raw)
        named = record.id.rpartition("/")[0].rpartition("/")[2] == str(record.originator_id)
        ours = named and 0 < version_of(record) <= HIGHEST
    except (Malformed, ValueError):
        return None
    return record if ours and partition_of(record.key, partitions) == record.partition else None


def _judge(service: str, conn: Connection, findings: Iterable[Finding], highest: int) -> None:
    added: list[tuple[Place, int | None, int | None]] = []
    for one in findings:
        assert one.partition is not None
        if one.kind == "added":
            added.append(((one.topic, one.partition), one.offset, one.position))
        elif one.kind == "changed" and (one.position or 0) > highest:
            raise Refused(
                f"{one.topic}/{one.partition}: position {one.position} was changed in Kafka ({one.why}), and the table"
                f" of {service} does not have it: what was sent cannot be taken back."
            )
    conn.execute(
        WITHOUT,
        [
            [place[0] for place, _, _ in added], [place[1] for place, _, _ in added],
            [offset for _, offset, _ in added], [position for _, _, position in added],
        ],
    )  # fmt: skip


def _beyond(service: str, conn: Connection, highest: int) -> int:
    query = (
        "select position, array_agg(distinct topic || '/' || partition) from in_kafka where position > %s group by 1"
    )
    found = conn.execute(query, [highest]).fetchall()
    for position, at in found:
        if len(at) > 1:
            raise Refused(
                f"{' and '.join(sorted(at))} both hold position {position}, which {service} has given to one event: the"
                " other is a stranger's. Which of them it is only a later backup can say, that has this position."
            )
    return len(found)
