"""People's keys when a log or a database was lost: all that anybody still has, but never one that was destroyed.

A key is destroyed if any one says so: a table, the keys' topic, a `person.erased` event that is stored or was taken
back, or the list of erased people that the operator kept.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import psycopg

from deploy.cli.bus.kafka_log import whole
from shared.events.unsealing import person_of
from shared.kafka.topics import PEOPLE_KEYS, Cluster
from shared.keys.keyring import Keyring

Connection = psycopg.Connection[Any]
OWNER = "intake"
"""The service whose table is made whole; its relay then tells all others by the topic."""
GATHER = """
insert into keys select distinct on (person_id) person_id, wrapped from (
  select person_id, wrapped, 0 as source from on_topic union all select person_id, wrapped, 1 from heard
  union all select person_id, wrapped, 2 from keys
  union all select originator_id, null, 3 from intake_events where topic like 'person.erased.v%'
) known order by person_id, wrapped is not null, source
on conflict (person_id) do update set wrapped = excluded.wrapped where keys.wrapped is distinct from excluded.wrapped
"""
TO_SEND = """
insert into key_changes (person_id) select k.person_id from keys k left join on_topic t using (person_id)
where t.person_id is null or (t.wrapped is null) <> (k.wrapped is null)
"""


async def gather(conns: Mapping[str, Connection], cluster: Cluster, erased: Sequence[UUID]) -> None:
    """In the callers' transactions: intake's table has every key, and its relay what the topic lacks."""
    intake = conns[OWNER]
    intake.execute("create temp table on_topic (person_id uuid primary key, wrapped bytea) on commit drop")
    intake.execute("create temp table heard (person_id uuid, wrapped bytea) on commit drop")
    async for batch in whole(cluster, PEOPLE_KEYS):
        latest = {person: r.value for r in batch if r.key and (person := person_of(r.key))}
        intake.execute(
            "insert into on_topic as t select * from unnest(%b::uuid[], %b::bytea[]) on conflict (person_id)"
            " do update set wrapped = excluded.wrapped where t.wrapped is not null",
            [list(latest), list(latest.values())],
        )
    with intake.cursor() as cursor, cursor.copy("copy heard from stdin (format binary)") as copy:
        copy.set_types(["uuid", "bytea"])
        for person in erased:
            copy.write_row((person, None))
        for conn in (conn for name, conn in conns.items() if name != OWNER):
            with conn.cursor(name="keys") as reading:
                for row in reading.execute("select person_id, wrapped from keys"):
                    copy.write_row(row)
    intake.execute(GATHER)
    intake.execute(TO_SEND)


def check_master(conn: Connection, keyring: Keyring) -> None:
    """Every key opens with the master key that is here; raises `WrongMasterKey`."""
    with conn.cursor(name="keys") as reading:
        for person, wrapped in reading.execute("select person_id, wrapped from keys where wrapped is not null"):
            keyring.learn(person, bytes(wrapped))
