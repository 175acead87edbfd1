"""The event table of a service against what it sent: rows changed, taken out, or slipped in past the relay."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import groupby
from operator import attrgetter
from typing import Any, Literal

import psycopg
from psycopg.rows import namedtuple_row
from psycopg.sql import SQL, Identifier

from services.reporting.audit.findings import Finding, Kind, Verified
from services.reporting.audit.log.sent import Place, Sent, fingerprint
from shared.events import EVENTS
from shared.kafka.topics import partition_of

Connection = psycopg.Connection[Any]
_position = attrgetter("position")


@dataclass(frozen=True, slots=True)
class Relayed:
    """The relay's checkpoint when the verification began, and the chain value of each partition."""

    position: int
    ends: dict[tuple[str, int], tuple[int, bytes]]


def relayed_by(conn: Connection) -> Relayed:
    """Nothing where the service never ran."""
    if conn.execute("select to_regclass('relay_position')").fetchone() == (None,):
        return Relayed(0, {})
    row = conn.execute("select position from relay_position").fetchone()
    ends = conn.execute("select topic, partition, position, chain from relay_partitions").fetchall()
    return Relayed(row[0] if row else 0, {(end[0], end[1]): (end[2], bytes(end[3])) for end in ends})


def verify_store(conn: Connection, service: str, sent: Sent, relayed: Relayed) -> Verified:
    """Both sides in the order of their positions, the row before what was sent from it; rows that the relay has not
    reached are waiting, not wrong."""
    table = f"{service}_events"
    if conn.execute("select to_regclass(%s)", [table]).fetchone() == (None,):
        return Verified(findings=tuple(_without_row(place, relayed) for place in sent.in_order()))
    findings: list[Finding] = []
    events = waiting = 0
    both: Iterator[Any] = merge(_rows(conn, table), sent.in_order(), key=_position)
    for position, group in groupby(both, key=_position):
        row, *places = group
        if isinstance(row, Place):
            findings += [_without_row(place, relayed) for place in (row, *places)]
            continue
        own, strays = _own(row, places, sent, relayed)
        findings += [_finding("added", "topic", stray, "its position is that of another event") for stray in strays]
        events += 1
        if own is not None:
            print_ = fingerprint(row.topic, row.originator_id, row.originator_version, bytes(row.state))
            if own.fingerprint != print_:
                findings.append(_finding("changed", "store", own, "the row is not what was sent from it"))
        elif position <= relayed.position:
            findings.append(_unsent(row, sent))
        else:
            waiting += 1
    return Verified(events=events, waiting=waiting, findings=tuple(findings))


def _rows(conn: Connection, table: str) -> Iterator[Any]:
    with conn.transaction(), conn.cursor(name="events", row_factory=namedtuple_row) as cursor:
        cursor.itersize = 5000
        columns = SQL("select notification_id as position, originator_id, originator_version, topic, state from {}")
        cursor.execute(columns.format(Identifier(table)) + SQL(" order by notification_id"))
        yield from cursor


def _own(row: Any, places: list[Place], sent: Sent, relayed: Relayed) -> tuple[Place | None, list[Place]]:
    """The record that was sent from the row, and the others: a position counts once, where the row's key belongs.

    Where nothing was lost there, the record that is elsewhere is the row's, and the row's key or type was changed.
    """
    topic, partition = _home(row, sent)
    own = next((place for place in places if (place.topic, place.partition) == (topic, partition)), None)
    lost = partition is not None and sent.lost(topic, partition, row.position)
    if own is None and places and row.position <= relayed.position and not lost:
        own = places[-1]
    return own, [place for place in places if place is not own]


def _home(row: Any, sent: Sent) -> tuple[str, int | None]:
    """Topic and partition where the relay sends the row."""
    known = EVENTS.get(row.topic.rpartition(".v")[0])
    topic = known.topic if known else "?"
    count = sent.partitions.get(topic)
    return topic, partition_of(str(row.originator_id).encode(), count) if count else None


def _without_row(place: Place, relayed: Relayed) -> Finding:
    """A row is there before it is sent: it was taken out, or, past where the relay was, there never was one."""
    if place.position > relayed.position:
        return _finding("added", "topic", place, "the table has no row for it, and the relay had not come so far")
    return _finding("missing", "store", place, "it was sent, and the table has no row for it")


def _finding(kind: Kind, where: Literal["topic", "store"], place: Place, why: str) -> Finding:
    return Finding(
        kind, where, place.topic, place.partition, place.offset, place.position, place.name, place.event, why
    )


def _unsent(row: Any, sent: Sent) -> Finding:
    """A row that the relay has passed and the topic lacks: lost there, where there is a hole, else put here later."""
    topic, partition = _home(row, sent)
    event = f"{topic}/{row.originator_id}/{row.originator_version}"
    if partition is not None and sent.lost(topic, partition, row.position):
        why = "the table has it, and the topic has lost it"
        return Finding("missing", "topic", topic, partition, None, row.position, row.topic, event, why)
    why = "the relay has passed it, and it was never sent"
    return Finding("added", "store", topic, partition, None, row.position, row.topic, event, why)
