"""The tables of a view's generations, and the SQL views under whose names pages read the live one."""

from psycopg.sql import SQL, Identifier

from shared.postgres.pools import Connection
from shared.projections.fold import statement
from shared.projections.view import View


async def create(conn: Connection, view: View, generation: int) -> None:
    """Tables with their keys alone."""
    for table in view.tables:
        made = dict(table.columns)
        made[table.key] += " primary key"
        for name, (kind, follows_from) in table.computed.items():
            made[name] = f"{kind} generated always as ({follows_from}) stored"
        columns = SQL(", ").join(SQL("{} {}").format(Identifier(name), SQL(kind)) for name, kind in made.items())
        await conn.execute(statement("create table {table} ({made})", table, generation, made=columns))


async def index(conn: Connection, view: View, generation: int) -> None:
    """Indexes make queries quick, and writing slow."""
    for table in view.tables:
        for columns in table.indexes:
            await conn.execute(statement("create index on {table} using {by}", table, generation, by=SQL(columns)))
        if table.person and table.personal:
            await conn.execute(statement("create index on {table} ({person})", table, generation))


async def point(conn: Connection, view: View, generation: int) -> None:
    """Let pages read this generation; columns that it lacks read as empty."""
    for table in view.tables:
        rows = await conn.execute(
            "select column_name from information_schema.columns"
            " where table_schema = current_schema() and table_name = %s",
            [f"{table.name}_g{generation}"],
        )
        there = {name for (name,) in await rows.fetchall()}
        lacking = [
            SQL("null::{} as {}").format(SQL(kind), Identifier(name))
            for name, kind in table.kinds.items()
            if name not in there
        ]
        chosen = SQL(", ").join([SQL("*"), *lacking] if there else lacking)
        select = "create view {view} as select {chosen} " + ("from {table}" if there else "where false")
        view_name = Identifier(table.name)
        await conn.execute(SQL("drop view if exists {}").format(view_name))
        await conn.execute(statement(select, table, generation, view=view_name, chosen=chosen))
