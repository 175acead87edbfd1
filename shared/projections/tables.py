"""The tables of a view's generations, and the SQL views under whose names pages read the live one."""

from typing import Any

import psycopg
from psycopg.sql import SQL, Composable, Identifier

from shared.projections.fold import table_name
from shared.projections.view import View

Connection = psycopg.AsyncConnection[Any]


async def create(conn: Connection, view: View, generation: int) -> None:
    """Tables with their keys alone."""
    for table in view.tables:
        columns = SQL(", ").join(
            SQL("{} {}").format(Identifier(name), SQL(kind + (" primary key" if name == table.key else "")))
            for name, kind in table.columns.items()
        )
        for name, (kind, follows_from) in table.computed.items():
            columns += SQL(", {} {} generated always as ({}) stored").format(
                Identifier(name), SQL(kind), SQL(follows_from)
            )
        await conn.execute(SQL("create table {} ({})").format(table_name(table, generation), columns))


async def index(conn: Connection, view: View, generation: int) -> None:
    """Indexes make queries quick, and writing slow."""
    for table in view.tables:
        for columns in table.indexes:
            await conn.execute(SQL("create index on {} using {}").format(table_name(table, generation), SQL(columns)))
        if table.person and table.personal:
            await conn.execute(
                SQL("create index on {} ({})").format(table_name(table, generation), Identifier(table.person))
            )


async def point(conn: Connection, view: View, generation: int) -> None:
    """Let pages read this generation; columns that it lacks read as empty."""
    for table in view.tables:
        rows = await conn.execute(
            "select column_name from information_schema.columns"
            " where table_schema = current_schema() and table_name = %s",
            [f"{table.name}_g{generation}"],
        )
        there = {name for (name,) in await rows.fetchall()}
        chosen: list[Composable] = [SQL("*")] if there else []
        chosen += [
            SQL("null::{} as {}").format(SQL(kind), Identifier(name))
            for name, kind in table.kinds.items()
            if name not in there
        ]
        source = SQL("from {}").format(table_name(table, generation)) if there else SQL("where false")
        await conn.execute(SQL("drop view if exists {}").format(Identifier(table.name)))
        await conn.execute(
            SQL("create view {} as select {} {}").format(Identifier(table.name), SQL(", ").join(chosen), source)
        )
