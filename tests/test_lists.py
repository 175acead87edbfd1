"""Every declared list reads its first pages by an index, in every view and order, however many rows there are."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
import pytest

from deploy.services import SERVICES
from shared.features.listing import Asked, Listing, rows
from shared.features.listing.queries import statement
from shared.http.paging import Paging, decoded
from shared.kafka.progress import SCHEMA as PROGRESS
from shared.projections import versions
from shared.projections.view import Table

ROOT = Path(__file__).parents[1]
MANY = 20_000
FEW = MANY / 10
"""Rows that may be sorted: those of one handler, or those beyond a date."""
VALUES = {
    "uuid": "md5(n::text)::uuid", "text": "'word ' || n %% 40", "bigint": "n %% 4", "boolean": "n %% 2 = 0",
    "double precision": "n %% 100 / 50.0 - 1", "numeric": "n", "jsonb": "jsonb_build_array('word ' || n %% 40)",
    "timestamptz": "'2026-01-01'::timestamptz - n * interval '1 minute'", "date": "'2026-01-01'::date",
    "bytea": "'{}'::bytea",
}  # fmt: skip
"""Of row `n`, by the column's type; the same id in every table, so that joins find something."""
ABSENT = {"closed_at", "owner", "alert", "text", "answered_at", "withdrawn_at"}
"""Columns that a third of the rows lack."""
SORTED = {("cases", tab, sort) for tab in ("all", "closed") for sort in ("priority", "due", "sentiment")}
"""Orders in which nobody works through closed cases have no index of their own; those of open cases have."""


def listings() -> Iterator[Listing[Any]]:
    for path in sorted(ROOT.glob("services/*/*/listing.py")):
        module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        yield from (one for one in vars(module).values() if isinstance(one, Listing) and "as_at" not in one.preamble)


LISTINGS = list(listings())
"""Those of the past are folded from all steps, so there is no index to read them by."""
ASKED = [
    (one, Asked(tab=tab, sort=sign + sort))
    for one in LISTINGS for tab in ([tab.name for tab in one.tabs] or [""]) for sort in one.sorts for sign in ("", "-")
]  # fmt: skip


@pytest.fixture(scope="module")
async def conn(postgres: Callable[[str], str]) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """Every table of every service that has lists, full."""
    async with await psycopg.AsyncConnection.connect(postgres("lists"), autocommit=True) as conn:
        for schema in (versions.SCHEMA, PROGRESS):
            await conn.execute(schema)
        for service in SERVICES.values():
            for view in service.views:
                await versions.prepare(conn, view)
                for table in view.tables:
                    await _fill(conn, table)
        await conn.execute("vacuum analyze")
        yield conn


async def _fill(conn: psycopg.AsyncConnection[Any], table: Table[Any]) -> None:
    columns = [
        f"case when n %% 3 = 0 then {VALUES[kind]} end" if name in ABSENT else VALUES[kind]
        for name, kind in table.columns.items()
    ]
    if table.columns[table.key] in ("text", "bigint"):
        columns[0] = f"n::{table.columns[table.key]}"
    await conn.execute(
        f"insert into {table.name} ({', '.join(table.columns)}) select {', '.join(columns)}"
        " from generate_series(1, %s) n", [MANY],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("listing", "asked"), ASKED, ids=[f"{one.name} {asked.tab} {asked.sort}" for one, asked in ASKED]
)
async def test_a_page_is_read_by_an_index(
    conn: psycopg.AsyncConnection[Any], listing: Listing[Any], asked: Asked
) -> None:
    first = await rows(conn, listing, asked, Paging(50), "word 7", datetime.now(UTC))
    sort, down = listing.sorts[asked.sort.removeprefix("-")], asked.sort.startswith("-")
    values = {"me": "word 7", "now": datetime.now(UTC), "size": 51}
    for place in [None] + ([first.after] if first.after else []):
        if place:
            values |= dict(zip(sort.names, decoded(place, [kind for _, kind in listing.keys(sort)]), strict=True))
        sql = statement(listing, asked, sort, down, beyond=place is not None)
        found = await (await conn.execute(f"explain (format json) {sql}", values)).fetchone()
        assert found is not None
        slow = [node["Node Type"] for node in _nodes(found[0][0]["Plan"]) if _is_slow(node)]
        if (listing.name, asked.tab, asked.sort.removeprefix("-")) in SORTED:
            assert "Sort" in slow
        else:
            assert not slow, json.dumps(found[0], indent=1)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)


def _is_slow(node: dict[str, Any]) -> bool:
    """Reads the whole of a table, or sorts much of it."""
    if node["Node Type"] == "Sort":
        return bool(node["Plans"][0]["Plan Rows"] > FEW)
    return bool(node["Node Type"] == "Seq Scan" and node["Plan Rows"] > FEW)


def test_every_list_is_here() -> None:
    assert len({one.name for one in LISTINGS}) >= 10
