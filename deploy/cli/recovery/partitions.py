"""The partition counts of the topics: another number would put events elsewhere, and give other chains."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from shared.events import EVENTS
from shared.kafka.chain import Place
from shared.kafka.records import FIRST_CHAIN, chain
from shared.kafka.topics import Cluster, partition_of, topic_settings

Connection = psycopg.Connection[Any]
MOST = 1000


class Refused(Exception):
    """Nothing was written: what was found would not make one history."""


def count_before(conns: Mapping[str, Connection], known: Iterable[int]) -> int:
    """That of a topic which is still there, the usual one, or the least that puts the last events where they were."""
    ends = [end for name, conn in conns.items() for end in _ends(name, conn)]
    likely: list[int] = [*known, topic_settings().partitions, *range(1, MOST)]
    for count in likely:
        if all(partition_of(str(originator).encode(), count) == partition for partition, originator in ends):
            return count
    raise Refused("No number of partitions puts the events where they were sent. Run `recourse audit verify`.")


def check_chains(service: str, conn: Connection, cluster: Cluster, counts: Mapping[str, int]) -> None:
    """The stored events give the chain values that the relay recorded, with the partitions of now; raises `Refused`."""
    ends: dict[Place, tuple[int, bytes]] = {}
    query = SQL(
        "select notification_id, originator_id, topic, state from {}"
        " where notification_id <= (select position from relay_position) order by notification_id"
    ).format(Identifier(f"{service}_events"))
    with conn.cursor(name="chains", binary=True) as cursor:
        cursor.itersize = 5000
        for position, originator, name, state in cursor.execute(query):
            topic = EVENTS[name.rpartition(".v")[0]].topic
            place = cluster.name(topic), partition_of(str(originator).encode(), counts[topic])
            _, link = ends.get(place, (0, FIRST_CHAIN))
            ends[place] = position, chain(link, position, name, state)
    recorded = conn.execute("select topic, partition, position, chain from relay_partitions").fetchall()
    if {(row[0], row[1]): (row[2], bytes(row[3])) for row in recorded} != ends:
        now = ", ".join(f"{cluster.name(topic)} {count}" for topic, count in counts.items())
        raise Refused(
            f"The events of {service} do not give the chains that were sent, with the partitions of now ({now}). If a"
            " topic was made with another number of partitions, delete it, make it with the number that it had, and try"
            " again. If the prefix of the topics is another, set RECOURSE_TOPIC_PREFIX. Else the table was changed."
        )


def _ends(service: str, conn: Connection) -> Sequence[tuple[int, Any]]:
    return conn.execute(
        SQL(
            "select r.partition, e.originator_id from relay_partitions r join {} e on e.notification_id = r.position"
        ).format(Identifier(f"{service}_events"))
    ).fetchall()
