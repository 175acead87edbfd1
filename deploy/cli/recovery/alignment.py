"""Brings one service's event table and its topics together again, whichever of the two has lost something.

What only Kafka holds is taken back, under its own position; what only the table holds is left for the relay to send,
which is set back to where the topics are whole. Both only where each record in Kafka is what the table says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
from psycopg.sql import SQL, Composed, Identifier

from deploy.cli.recovery import kafka_snapshot
from deploy.cli.recovery.partitions import Refused, check_chains
from shared.kafka.topics import Cluster

Connection = psycopg.Connection[Any]
RESERVE = 1_000_000_000
"""Positions left free where Kafka may have lost some: they may have been given since, and subscribers know them."""


@dataclass(frozen=True)
class Aligned:
    """The result for one service."""

    taken_back: int
    to_send: int
    lost: bool

    @property
    def goes_on(self) -> bool:
        """True if Kafka has events newer than the table; if not, a restore that was cut short may have filled it."""
        return self.taken_back > 0 and not self.lost


async def align(
    service: str, conn: Connection, cluster: Cluster, counts: Mapping[str, int], *, restoring: bool = False
) -> Aligned:
    """In the caller's transaction; raises `Refused`."""
    events = Identifier(f"{service}_events")
    highest = _highest(service, conn)
    recorded = number(conn, SQL("select position from relay_position"))
    check_chains(service, conn, cluster, counts)
    beyond = await kafka_snapshot.load(service, conn, cluster, highest)
    _check_history(service, conn, events, highest)
    _check_holes(service, conn, beyond, restoring=restoring)
    taken_back = _take_back(conn, events, highest)
    whole = number(conn, SQL(
        "select coalesce((select min(notification_id) - 1 from {0} e where not exists"
        " (select 1 from in_kafka k where k.position = e.notification_id)),"
        " (select max(notification_id) from {0}), 0)"
    ).format(events))  # fmt: skip
    conn.execute("update relay_position set position = %s", [whole])
    conn.execute("delete from relay_partitions")
    conn.execute(
        "insert into relay_partitions select distinct on (topic, partition) topic, partition, position, chain"
        " from in_kafka where position <= %s order by topic, partition, position desc",
        [whole],
    )
    to_send = number(conn, SQL("select count(*) from {} where notification_id > {}").format(events, whole))
    return Aligned(taken_back, to_send, whole < recorded)


async def only_in_kafka(service: str, conn: Connection, cluster: Cluster) -> int:
    """Count the events that the table lacks: deleting the topics would lose them."""
    return await kafka_snapshot.load(service, conn, cluster, _highest(service, conn))


def reserve(service: str, conn: Connection, more: int = 0) -> None:
    """The next position follows the highest that is known, and `more` that may have been given."""
    table = f"{service}_events"
    conn.execute(
        SQL(
            "select setval(pg_get_serial_sequence({}, 'notification_id'), greatest(1, max(at)), max(at) > 0) from"
            " (select coalesce(max(notification_id), 0) + {} from {} union all"
            " select coalesce(last_value, 0) from pg_sequences"
            " where schemaname = current_schema() and sequencename = {}) as t(at)"
        ).format(table, more, Identifier(table), f"{table}_notification_id_seq")
    )


def _check_history(service: str, conn: Connection, events: Identifier, highest: int) -> None:
    """Every record is what the table says, and recorded chain values are those in Kafka."""
    other = conn.execute(
        SQL(
            "select k.topic, k.partition, k.position from in_kafka k"
            " left join {} e on e.notification_id = k.position and e.originator_id = k.originator_id"
            " and e.originator_version = k.originator_version and e.topic = k.name and sha256(e.state) = k.digest"
            " where k.position <= {} and e.notification_id is null"
            " union all select r.topic, r.partition, r.position from relay_partitions r"
            " join in_kafka k using (topic, partition, position) where k.chain <> r.chain limit 1"
        ).format(events, highest)
    ).fetchone()
    if other:
        raise Refused(
            f"{other[0]}/{other[1]}: position {other[2]} in Kafka is another event than in the table of {service}."
            " These are two histories: is it the right backup, and are these the right topics?"
        )


def _check_holes(service: str, conn: Connection, beyond: int, *, restoring: bool) -> None:
    """None in any partition; whoever is told of one must not lose what is nowhere but in Kafka."""
    hole = conn.execute(
        "select k.topic, k.partition, k.previous, k.position from in_kafka k where k.previous > 0 and not exists"
        " (select 1 from in_kafka p where (p.topic, p.partition, p.position) = (k.topic, k.partition, k.previous))"
        " order by k.position limit 1"
    ).fetchone()
    if not hole:
        return
    if restoring:
        advice = (
            f" Keep the topics: they hold {beyond:,} events of {service} that this backup does not. Restore a later"
            " backup, if there is one. Only where all that came after the backup may be lost, delete the topics and"
            " restore again."
        )
    elif beyond:
        advice = (
            f" Keep the topics: they hold {beyond:,} events of {service} that its table does not. Restore a backup that"
            " has them."
        )
    else:
        advice = " Run `recourse kafka rebuild --anew`, which deletes the topics and makes them again."
    raise Refused(
        f"{hole[0]}/{hole[1]} holds position {hole[3]}, and not {hole[2]}, which came before it. A hole cannot be"
        f" filled in place.{advice}"
    )


def _take_back(conn: Connection, events: Identifier, highest: int) -> int:
    """The same position, version and bytes; what caused each is kept until every policy has stepped over it."""
    rows = conn.execute(
        SQL(
            "insert into {} (originator_id, originator_version, topic, state, notification_id, trace)"
            " select distinct on (position) originator_id, originator_version, name, state, position, trace"
            " from in_kafka where position > {} order by position returning state"
        ).format(events, highest)
    ).fetchall()
    causes = {cause for row in rows if (cause := orjson.loads(bytes(row[0])).get("caused_by"))}
    conn.execute("insert into answered select unnest(%s::text[]) on conflict do nothing", [list(causes)])
    return len(rows)


def _highest(service: str, conn: Connection) -> int:
    return number(conn, SQL("select coalesce(max(notification_id), 0) from {}").format(Identifier(f"{service}_events")))


def number(conn: Connection, query: SQL | Composed) -> int:
    """The one number that the query answers."""
    row = conn.execute(query).fetchone()
    assert row is not None
    return int(row[0])
