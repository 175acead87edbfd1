"""Every published layout and way to write a date is read; what cannot be taken says why."""

import csv
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.importing.cfpb import _date, read_rows
from services.intake.importing.commands import Item
from tests.serving import DATA

HEADER = ["Date received", "Product", "Issue", "Consumer complaint narrative", "Tags", "Complaint ID"]
NOW = datetime(2026, 3, 14, tzinfo=UTC)
GOOD = ["2020-03-18", "Mortgage", "Fees", "It broke.", "Older American, Servicemember", "3571115"]


def read(row: list[str], header: list[str] = HEADER) -> Item:
    (item,) = read_rows("f" * 64, "test.csv", header, 0, [2], [row], NOW)
    return item


@pytest.mark.parametrize("text", ["2020-03-18", "2020/3/18", "3/18/20", "03/18/2020", "2020-03-18T12:00:00-05:00"])
def test_dates_were_written_in_five_ways(text: str) -> None:
    assert read([text, *GOOD[1:]]).received_at == datetime(2020, 3, 18, tzinfo=UTC)


@given(st.dates(min_value=date(1970, 1, 1), max_value=date(2069, 12, 31)))
def test_every_day_is_read_in_every_way(day: date) -> None:
    assert _date(day.isoformat()) == day
    assert _date(f"{day.year}/{day.month}/{day.day}") == day
    assert _date(f"{day.month}/{day.day}/{day.year}") == day
    if day.year >= 2000:
        assert _date(f"{day.month}/{day.day}/{day.year % 100:02}") == day


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (["2020-13-45", *GOOD[1:]], "not a date"),
        (["yesterday", *GOOD[1:]], "not a date"),
        (["9999-12-31", *GOOD[1:]], "in the future"),
        ([*GOOD[:5], "12a"], "not a number"),
        (["", *GOOD[1:]], "no date received"),
        (["2020-03-18", "", "Fees", "", "", "1"], "neither a product nor a narrative"),
        (GOOD[:5], "5 fields where the header has 6"),
        (["2020-03-18", "P" * 201, "Fees", "x", "", "1"], "longer than 200"),
        (["2020-03-18", "Card\uffff", "Fees", "x", "", "1"], "product: U+FFFF is no character"),
        (["2020-03-18", "Card", "Fees", "x\ufdd0", "", "1"], "narrative: U+FDD0 is no character"),
        (["2020-03-18", "Card", "Fees", "x", "a, b\U0010fffe", "1"], "tags: U+10FFFE is no character"),
        (["2020-03-18", "Card", "Fees", "x\ud800", "", "1"], "narrative: the text has half a character"),
    ],
)
def test_a_row_that_cannot_be_taken_says_why(row: list[str], why: str) -> None:
    assert any(why in reason for reason in read(row).refused)


def test_a_row_becomes_a_complaint_with_its_number_and_tags() -> None:
    item = read(GOOD)
    assert item.external_id == "cfpb:3571115"
    assert item.grievance.tags == ("Older American", "Servicemember")
    assert item.arrival.line == 2
    assert read(GOOD).complaint_id == item.complaint_id


def test_control_characters_do_not_stop_a_row() -> None:
    assert read([*GOOD[:3], "a\0b\x07c", *GOOD[4:]]).grievance.narrative == "abc"


@pytest.mark.skipif(not DATA.exists(), reason=f"the real inputs are not at {DATA}")
@pytest.mark.parametrize("name", ["public_18_columns.csv", "narratives_10000.csv", "fixtures/v2-intake.csv"])
def test_real_files_have_no_row_that_is_refused(name: str) -> None:
    with (DATA / "cfpb" / name).open(newline="", encoding="utf-8-sig") as file:
        header, *rows = list(csv.reader(file))
    items = read_rows("f" * 64, name, header, 0, list(range(2, len(rows) + 2)), rows, NOW)
    assert len(items) == len(rows)
    assert [item.refused for item in items if item.refused] == []
