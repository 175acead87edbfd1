"""The chains that the stored events give, which depend on the number of partitions."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from deploy.cli.console import Refused
from services.reporting.audit.log.stores import relayed_by
from shared.events import EVENTS
from shared.kafka.chain import Place
from shared.kafka.records import FIRST_CHAIN, chain
from shared.kafka.topics import Cluster, partition_of, topic_settings

Connection = psycopg.Connection[Any]
MOST = 1000


def chained(
    service: str, conn: Connection, cluster: Cluster, counts: Mapping[str, int]
) -> Iterator[tuple[int, Place, bytes]]:
    """Position, partition and chain value of each stored event, in order; `counts` has the partitions of each topic."""
    links: dict[Place, bytes] = {}
    query = SQL("select notification_id, originator_id, topic, state from {} order by notification_id")
    with conn.cursor(name="chains", binary=True) as cursor:
        cursor.itersize = 5000
        for position, originator, name, state in cursor.execute(query.format(events_of(service))):
            topic = EVENTS[name.rpartition(".v")[0]].topic
            place = cluster.name(topic), partition_of(str(originator).encode(), counts[topic])
            links[place] = chain(links.get(place, FIRST_CHAIN), position, name, state)
            yield position, place, links[place]


def check_chains(service: str, conn: Connection, cluster: Cluster, counts: Mapping[str, int]) -> None:
    """The stored events give the chain values that the relay recorded; raises `Refused`."""
    relayed = relayed_by(conn)
    sent = takewhile(lambda event: event[0] <= relayed.position, chained(service, conn, cluster, counts))
    if {place: (position, link) for position, place, link in sent} != relayed.ends:
        raise Refused(
            f"The events of {service} do not give the chains that were sent, with {max(counts.values())} partitions a"
            " topic. If the prefix of the topics is another, set RECOURSE_TOPIC_PREFIX. Else the table was changed: run"
            " `recourse audit verify`."
        )


def count_before(conns: Mapping[str, Connection], known: Iterable[int]) -> int:
    """That of a topic which is still there, the usual one, or the least that puts the last events where they were."""
    query = "select r.partition, e.originator_id from relay_partitions r join {} e on e.notification_id = r.position"
    ends = [end for name, conn in conns.items() for end in conn.execute(SQL(query).format(events_of(name)))]
    likely: list[int] = [*known, topic_settings().partitions, *range(1, MOST)]
    for count in likely:
        if all(partition_of(str(originator).encode(), count) == partition for partition, originator in ends):
            return count
    raise Refused("No number of partitions puts the events where they were sent. Run `recourse audit verify`.")


def events_of(service: str) -> Identifier:
    return Identifier(f"{service}_events")


def highest(service: str, conn: Connection) -> int:
    """The position of its last event, 0 without one."""
    query = SQL("select coalesce(max(notification_id), 0) from {}").format(events_of(service))
    ((position,),) = conn.execute(query)
    return int(position)
