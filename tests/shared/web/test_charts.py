"""Charts keep every figure and every link, on a scale from zero, whatever a label holds."""

import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as Tree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.text import drawable
from shared.web.charts import Mark, highest, largest, spots, ticks
from shared.web.templating import templates
from tests.drawn import Drawn, bars, points

SURVEY = [Mark("Very satisfied", 3, "/s?a=1"), Mark("Neither", 0, "/s?a=2"), Mark("Dissatisfied", 12, "/s?a=3&b=1")]
MONTHS = [Mark("Jan", 10, "/m/1"), Mark("Feb", 0, "/m/2"), Mark("Mar", 40, "/m/3")]
ENVIRONMENT = templates()


def shown(source: str, **context: Any) -> str:
    return ENVIRONMENT.from_string('{% import "components.html" as ui %}' + source).render(context)


def drawn_bars(marks: list[Mark], top: int) -> str:
    return shown("{{ ui.bar_chart(marks, top) }}", marks=marks, top=top)


def drawn_line(marks: list[Mark], top: int) -> str:
    return shown("{{ ui.line_chart(marks, top, 'By <month>') }}", marks=marks, top=top)


def test_a_bar_is_a_link_as_long_as_its_share_of_the_scale_and_a_zero_is_kept() -> None:
    assert bars(drawn_bars(SURVEY, 12)) == [
        [
            Drawn("Very satisfied", 3, "/s?a=1", 25), Drawn("Neither", 0, "/s?a=2", 0),
            Drawn("Dissatisfied", 12, "/s?a=3&b=1", 100),
        ]
    ]  # fmt: skip
    assert [one.size for one in bars(drawn_bars(SURVEY, 48))[0]] == [6.25, 0, 25]


def test_charts_that_are_read_together_have_one_scale() -> None:
    assert highest(SURVEY, MONTHS) == 40
    assert highest() == highest([]) == 0


def test_bars_are_sorted_and_the_rest_is_one() -> None:
    rows = [Mark(f"Cause {at}", at, f"/c/{at}") for at in range(1, 11)]
    ranked = largest(rows, "Anything else", "/c")
    assert [mark.value for mark in ranked] == [10, 9, 8, 7, 6, 5, 4, 6]
    assert ranked[-1] == Mark("Anything else", 1 + 2 + 3, "/c")
    assert largest(rows[:7], "Anything else", "/c") == rows[6::-1]


def test_a_point_is_a_named_link_as_high_as_its_share_of_the_scale() -> None:
    page = drawn_line(MONTHS, 40)
    assert points(page) == [[Drawn("Jan", 10, "/m/1", 25), Drawn("Feb", 0, "/m/2", 0), Drawn("Mar", 40, "/m/3", 100)]]
    assert 'points="16.67,75.0 50.0,100.0 83.33,0.0 "' in page, "the line goes through its points"
    assert re.findall(r"<span>(.*?)</span>", page) == ["40", "30", "20", "10", "0"]
    assert "<title>By &lt;month&gt;</title>" in page
    assert "<desc>From 10 in Jan to 40 in Mar; the highest is 40 in Mar.</desc>" in page


@pytest.mark.parametrize(
    ("top", "lines"),
    [(0, [0, 1]), (1, [0, 1]), (3, [0, 1, 2, 3]), (59, [0, 20, 40, 60]), (88, [0, 50, 100]), (401, [0, 200, 400, 600])],
)  # fmt: skip
def test_lines_of_a_scale_are_round(top: int, lines: list[int]) -> None:
    assert ticks(top) == lines


@given(st.integers(0, 10**12))
def test_a_scale_begins_at_zero_and_reaches_its_top(top: int) -> None:
    lines = ticks(top)
    assert lines[0] == 0
    assert max(top, 1) <= lines[-1]
    assert 2 <= len(lines) <= 5
    assert top == 0 or lines[-2] < top, "no line is there for nothing"


@pytest.mark.parametrize("count", [1, 2, 5, 6, 13, 60])
def test_the_last_moment_is_named_and_at_most_five_are(count: int) -> None:
    placed = spots([Mark(str(at), at, "/") for at in range(count)], count)
    named = [at for at, spot in enumerate(placed) if spot.named]
    assert named[-1] == count - 1
    assert len(named) <= 5
    assert len({later - at for at, later in pairwise(named)}) <= 1


def test_nothing_can_be_drawn() -> None:
    assert bars(drawn_bars([], 0)) == [[]]
    assert points(drawn_line([], 0)) == [[]]
    assert points(drawn_line([Mark("Jan", 0, "/1")], 0)) == [[Drawn("Jan", 0, "/1", 0)]]


@example([("Bell \x07, nothing \x00, \ufffe, \uffff, \U0010ffff, half \ud83d, \x85 and <b>&\"'", 1)])
@given(st.lists(st.tuples(st.text(st.characters(), max_size=30), st.integers(0, 10**9)), min_size=1, max_size=5))
def test_any_label_is_drawn_and_none_is_markup(rows: list[tuple[str, int]]) -> None:
    marks = [Mark(label, value, "/x") for label, value in rows]
    top = highest(marks)
    page = shown(
        '{{ ui.chart(ui.bar_chart(marks, top), ["A", "B"], rows, "C") }}{{ ui.line_chart(marks, top, "D") }}',
        marks=marks, top=top, rows=rows,
    )  # fmt: skip
    page.encode()
    said = [(" ".join(drawable(label).split()), value) for label, value in rows]
    for chart in (*bars(page), *points(page)):
        assert [(" ".join(one.label.split()), one.value) for one in chart] == said
    assert {element.tag for element in Tree.fromstring(f"<p>{page}</p>").iter()} <= {  # noqa: S314
        *("p", "figure", "figcaption", "ul", "li", "a", "span", "svg", "rect", "g", "title", "desc", "line", "circle"),
        *("text", "polygon", "polyline", "div", "details", "summary", "table", "caption", "thead", "tbody", "tr", "th"),
        "td",
    }  # fmt: skip


def test_what_cannot_be_shown_is_a_sign_of_that() -> None:
    assert drawable("a\x00\x1b\x9f\ufdd0\ufffe\U0001ffff\ud800b") == "a" + "\ufffd" * 7 + "b"
    assert drawable("Zürich\t😡\u00ad\u202e\n") == "Zürich\t😡\u00ad\u202e\n"


def test_a_drawing_has_no_style_colour_or_id_of_its_own() -> None:
    page = f"<p>{drawn_bars(SURVEY, 12)}{drawn_line(MONTHS, 40)}</p>"
    for element in Tree.fromstring(page).iter():  # noqa: S314
        assert element.attrib.keys().isdisjoint({"style", "fill", "stroke", "font-family", "id", "onclick"})
