"""Folds a batch of records into a view's rows: load what is touched, fold in memory, write once."""

from collections.abc import Hashable, Sequence
from typing import Any

import orjson
import psycopg
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Composed, Identifier

from shared.events import Event
from shared.events.people import PersonErased
from shared.records import Record
from shared.telemetry import told
from shared.view import Table, View


class Poison(Exception):
    """This record cannot be folded: it is set aside and the rest goes on."""

    def __init__(self, record: Record, cause: Exception) -> None:
        super().__init__(told(cause))
        self.record = record


Opened = tuple[Record, Event]
Rows = dict[Hashable, Any]


def physical(table: Table[Any], generation: int) -> Identifier:
    """The table of one generation; its bare name is an SQL view on the generation that is live."""
    return Identifier(f"{table.name}_g{generation}")


async def fold(conn: psycopg.AsyncConnection[Any], view: View, generation: int, batch: Sequence[Opened]) -> None:
    """Write what the batch makes of the view's tables, in the caller's transaction."""
    for table in view.tables:
        touched = _touched(table, batch)
        if touched:
            rows = {} if table.once else await _load(conn, table, generation, touched)
            _apply(table, rows, batch)
            await _write(conn, table, generation, rows)
    erased = [event.originator_id for _, event in batch if isinstance(event, PersonErased)]
    if erased:
        for table in view.tables:
            await _scrub(conn, table, generation, erased)


def _touched(table: Table[Any], batch: Sequence[Opened]) -> list[Hashable]:
    keys: dict[Hashable, None] = {}
    for record, event in batch:
        for key, _ in table.handlers.get(event.type, ()):
            try:
                keys[key(event)] = None
            except Exception as error:
                raise Poison(record, error) from error
    keys.pop(None, None)
    return list(keys)


async def _load(
    conn: psycopg.AsyncConnection[Any], table: Table[Any], generation: int, keys: Sequence[Hashable]
) -> Rows:
    async with conn.cursor(row_factory=tuple_row, binary=True) as cursor:
        await cursor.execute(
            SQL("select {} from {} where {} = any(%b::{}[])").format(
                _names(table),
                physical(table, generation),
                Identifier(table.key),
                SQL(table.columns[table.key]),
            ),
            [list(keys)],
        )
        return {values[0]: table.row(*values) for values in await cursor.fetchall()}


def _apply(table: Table[Any], rows: Rows, batch: Sequence[Opened]) -> None:
    for record, event in batch:
        for key_of, handler in table.handlers.get(event.type, ()):
            key = key_of(event)
            if key is None:
                continue
            row = rows.get(key)
            if row is None:
                row = rows[key] = table.row(key)
            try:
                handler(row, event, record)
            except Exception as error:
                raise Poison(record, error) from error


async def _write(conn: psycopg.AsyncConnection[Any], table: Table[Any], generation: int, rows: Rows) -> None:
    """One statement for all rows: an array per column, binary where the driver can."""
    columns: list[list[Any]] = []
    for name, kind in table.columns.items():
        values = [getattr(row, name) for row in rows.values()]
        if kind == "jsonb":
            values = [None if value is None else orjson.dumps(value).decode() for value in values]
        columns.append(values)
    await conn.execute(_upsert(table, generation), columns)


def _upsert(table: Table[Any], generation: int) -> Composed:
    arrays = SQL(", ").join(
        SQL("%b::{}[]").format(SQL("text" if kind == "jsonb" else kind)) for kind in table.columns.values()
    )
    casts = SQL(", ").join(
        SQL("{}::jsonb").format(Identifier(name)) if kind == "jsonb" else Identifier(name)
        for name, kind in table.columns.items()
    )
    updates = SQL(", ").join(
        SQL("{0} = excluded.{0}").format(Identifier(name)) for name in table.columns if name != table.key
    )
    return SQL("insert into {} ({}) select {} from unnest({}) as r({}) on conflict ({}) {}").format(
        physical(table, generation), _names(table), casts, arrays, _names(table), Identifier(table.key),
        SQL("do nothing") if table.once or len(table.columns) == 1 else SQL("do update set {}").format(updates),
    )  # fmt: skip


async def _scrub(
    conn: psycopg.AsyncConnection[Any], table: Table[Any], generation: int, people: Sequence[Hashable]
) -> None:
    if table.person and table.personal:
        await conn.execute(
            SQL("update {} set {} where {} = any(%s)").format(
                physical(table, generation),
                SQL(", ").join(SQL("{} = null").format(Identifier(name)) for name in table.personal),
                Identifier(table.person),
            ),
            [list(people)],
        )


def _names(table: Table[Any]) -> Composed:
    return SQL(", ").join(map(Identifier, table.columns))
