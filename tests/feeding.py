"""Feeds a view events as a consumer would, twice: the second time must change nothing."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from aiokafka.structs import ConsumerRecord
from psycopg.sql import SQL, Identifier

from shared.events import Event, wire_name
from shared.kafka.progress import SCHEMA as PROGRESS
from shared.kafka.records import FIRST_CHAIN, chain, headers
from shared.kafka.topics import partition_of
from shared.keys.keyring import SCHEMA as KEYS
from shared.keys.keyring import Keyring
from shared.projections import versions
from shared.projections.view import View
from shared.projections.view_sink import take_in

PARTITIONS = 4
Rows = dict[str, dict[Any, dict[str, Any]]]


Fed = ConsumerRecord[bytes, bytes]


class Feeder:
    """Views on a real database, fed without Kafka between."""

    def __init__(self, url: str, keyring: Keyring | None = None) -> None:
        self.url = url
        self.keyring = keyring or Keyring(bytes(32))
        self._ends: dict[tuple[str, int], tuple[int, int, bytes]] = {}
        self._positions = 0

    def records(self, *events: Event) -> list[Fed]:
        """Records as the relay would send them; people are given keys as they appear."""
        return [self._record(event) for event in events]

    def _record(self, event: Event) -> Fed:
        for person in people_in(event):
            if self.keyring.absent([person]):
                self.keyring.create(person)
        key = str(event.originator_id)
        partition = partition_of(key.encode(), PARTITIONS)
        value = event.model_dump_json(context=self.keyring, exclude_none=True).encode()
        self._positions += 1
        previous, offset, chained = self._ends.get((event.topic, partition), (0, 0, FIRST_CHAIN))
        chained = chain(chained, self._positions, wire_name(event), value)
        self._ends[event.topic, partition] = (self._positions, offset + 1, chained)
        made = headers(
            topic=event.topic, key=key, version=event.originator_version, name=wire_name(event), value=value,
            service="test", position=self._positions, previous=previous, chained=chained, trace=None,
        )  # fmt: skip
        return Fed(event.topic, partition, offset, 0, 0, key.encode(), value, None, len(key), len(value), made)

    async def feed(self, view: View, *events: Event) -> Rows:
        """Fold the events, then the same records again; answers the rows by table and key."""
        records = self.records(*events)
        once = await self.feed_records(view, records)
        twice = await self.feed_records(view, records)
        assert once == twice, f"{view.name} changed when the same batch came again"
        return once

    async def feed_records(self, view: View, records: Sequence[Fed]) -> Rows:
        buried: list[Any] = []

        async def publish_dead(_: str, dead: Sequence[Any]) -> None:
            buried.extend(dead)

        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as conn:
            for schema in (versions.SCHEMA, PROGRESS, KEYS):
                await conn.execute(schema)
            live = await versions.prepare(conn, view)
            async with conn.transaction():
                gap = await take_in(conn, view, live.generation, records, self.keyring, None, publish_dead)
            assert gap is None, gap
            assert not buried, [letter.error for letter in buried]
            return await self._rows(conn, view)

    async def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """For the queries that stand beside a view."""
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as conn:
            return await (await conn.execute(statement, values)).fetchall()

    async def _rows(self, conn: psycopg.AsyncConnection[Any], view: View) -> Rows:
        rows: Rows = {}
        for table in view.tables:
            names = SQL(", ").join(map(Identifier, table.columns))
            found = await conn.execute(SQL("select {} from {}").format(names, Identifier(table.name)))
            rows[table.name] = {
                values[0]: dict(zip(table.columns, values, strict=True)) for values in await found.fetchall()
            }
        return rows


def people_in(value: Any) -> set[UUID]:
    """Everybody under whose key something in the event is sealed."""
    from shared.events.sealed import Sealed

    if isinstance(value, Sealed):
        return {value.person}
    if isinstance(value, list):
        return set().union(*map(people_in, value))
    fields = getattr(type(value), "model_fields", {})
    return set().union(*(people_in(getattr(value, name)) for name in fields))
