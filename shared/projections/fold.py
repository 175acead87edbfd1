"""Folds a batch of records into a view's rows: load what is touched, fold in memory, write once."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import orjson
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Composable, Composed, Identifier
from psycopg.types.json import set_json_dumps

from shared.events import Event
from shared.events.people import PersonErased
from shared.kafka.records import Record
from shared.postgres import purge
from shared.postgres.pools import Connection
from shared.projections.view import Handler, Table, View
from shared.telemetry import redacted


class Poison(Exception):
    """This record cannot be folded: it is set aside and the rest goes on."""

    def __init__(self, record: Record, cause: Exception) -> None:
        super().__init__(redacted(cause))
        self.record = record


Opened = tuple[Record, Event]
Rows = dict[Hashable, Any]
Step = tuple[Hashable, Handler | None, Record, Event]


def table_name(table: Table[Any], generation: int) -> Identifier:
    """The table of one generation; its bare name is an SQL view on the generation that is live."""
    return Identifier(f"{table.name}_g{generation}")


def statement(text: str, table: Table[Any], generation: int, **parts: Composable) -> Composed:
    """SQL about one generation of a table; in braces stand its name, columns, key, the key's type, and the parts."""
    return SQL(text).format(
        table=table_name(table, generation), columns=_names(table.columns), key=Identifier(table.key),
        type=SQL(table.columns[table.key]), person=Identifier(table.person or table.key), **parts,
    )  # fmt: skip


async def fold(conn: Connection, view: View, generation: int, batch: Sequence[Opened]) -> None:
    """Write what the batch makes of the view's tables, in the caller's transaction."""
    for table in view.tables:
        steps = _steps(table, batch)
        if steps:
            touched = [] if table.append_only else list(dict.fromkeys(step[0] for step in steps))
            rows = await _load(conn, table, generation, touched)
            before = {key: table.values(row) for key, row in rows.items()}
            _apply(table, rows, steps)
            changed = {k: row for k, row in rows.items() if table.documents or table.values(row) != before.get(k)}
            await _write(conn, table, generation, changed, [key for key in changed if key in before])
    erased = [event.originator_id for _, event in batch if isinstance(event, PersonErased)]
    if erased:
        for table in view.tables:
            await _scrub(conn, table, generation, erased)


def _steps(table: Table[Any], batch: Sequence[Opened]) -> list[Step]:
    """Handler and row of each event, in the order of the batch; without a handler, the aggregate's own fold."""
    steps: list[Step] = []
    base = table.aggregate.base if table.aggregate else ()
    for record, event in batch:
        if isinstance(event, base):
            steps.append((event.originator_id, None, record, event))
        for keys, handler in table.handlers.get(event.type, ()):
            try:
                steps += [(key, handler, record, event) for key in keys(event)]
            except Exception as error:
                raise Poison(record, error) from error
    return steps


async def _load(conn: Connection, table: Table[Any], generation: int, keys: Sequence[Hashable]) -> Rows:
    if not keys:
        return {}
    select = statement("select {columns} from {table} where {key} = any(%b::{type}[])", table, generation)
    async with conn.cursor(row_factory=tuple_row, binary=True) as cursor:
        await cursor.execute(select, [keys])
        return {values[0]: table.row(*values) for values in await cursor.fetchall()}


def _apply(table: Table[Any], rows: Rows, steps: Sequence[Step]) -> None:
    states: dict[Hashable, Any] = {}
    for key, handler, record, event in steps:
        row = rows.get(key)
        if row is None:
            row = rows[key] = table.row(key)
        try:
            if handler is not None:
                handler(row, event, record)
            elif table.aggregate is not None:
                before = states[key] if key in states else table.aggregate.load(row.state)
                states[key] = table.aggregate.evolve(before, event)
        except Exception as error:
            raise Poison(record, error) from error
    for key, state in states.items():
        assert table.aggregate is not None
        rows[key].state = table.aggregate.dump(state)
        table.aggregate.row_of(rows[key], state)


async def _write(conn: Connection, table: Table[Any], generation: int, rows: Rows, stored: Sequence[Hashable]) -> None:
    """Take away the rows that were `stored` and COPY them all: a third of what an upsert from arrays costs."""
    if not rows:
        return
    if stored:
        await conn.execute(
            statement("delete from {table} where {key} = any(%b::{type}[])", table, generation), [stored]
        )
    into = statement("copy {table} ({columns}) from stdin (format binary)", table, generation)
    async with conn.cursor() as cursor:
        set_json_dumps(orjson.dumps, cursor)
        async with cursor.copy(into) as copy:
            copy.set_types(list(table.columns.values()))
            for row in rows.values():
                await copy.write_row(table.values(row))


async def _scrub(conn: Connection, table: Table[Any], generation: int, people: Sequence[Hashable]) -> None:
    if table.person and table.personal:
        nulls = SQL(", ").join(SQL("{} = null").format(Identifier(name)) for name in table.personal)
        scrub = statement(
            "update {table} set {nulls} where {person} = any(%s) and num_nonnulls({personal}) > 0", table, generation,
            nulls=nulls, personal=_names(table.personal),
        )  # fmt: skip
        if (await conn.execute(scrub, [list(people)])).rowcount:
            await conn.execute(purge.NOTE, [[f"{table.name}_g{generation}"]])


def _names(columns: Iterable[str]) -> Composed:
    return SQL(", ").join(map(Identifier, columns))
