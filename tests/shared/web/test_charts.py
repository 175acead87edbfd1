"""Charts keep every figure and every link, carry no style of their own, and fetch nothing."""

from xml.etree import ElementTree as Tree

import pytest
import vl_convert
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.web import charts
from shared.web.charts import Bar, Point, bar_chart, line_chart, sorted_bars

SURVEY = [Bar("Very satisfied", 3, "/s?a=1"), Bar("Neither", 0, "/s?a=2"), Bar("Dissatisfied", 9, "/s?a=3")]
names = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=30)


def links(svg: str) -> list[tuple[str, str]]:
    root = Tree.fromstring(svg)  # noqa: S314
    return [(link.attrib["href"], link.attrib["aria-label"]) for link in root.iter("a")]


def test_every_bar_is_a_named_link_and_zeros_are_kept() -> None:
    assert links(bar_chart(SURVEY, title="T", ordered=True)) == [
        ("/s?a=1", "Very satisfied: 3"),
        ("/s?a=2", "Neither: 0"),
        ("/s?a=3", "Dissatisfied: 9"),
    ]


def test_bars_are_sorted_and_the_rest_is_one() -> None:
    rows = [Bar(f"Cause {at}", at, f"/c/{at}") for at in range(1, 11)]
    shown = sorted_bars(rows, other="Anything else", other_href="/c")
    assert [row.value for row in shown] == [10, 9, 8, 7, 6, 5, 4, 6]
    assert shown[-1] == Bar("Anything else", 1 + 2 + 3, "/c")
    assert sum(row.value for row in shown) == sum(row.value for row in rows)


def test_seven_need_no_other() -> None:
    assert len(sorted_bars([Bar(str(at), at, "/") for at in range(7)])) == 7


@pytest.mark.parametrize(
    "svg",
    [
        bar_chart(SURVEY, title="Bars"),
        bar_chart([], title="None"),
        bar_chart([Bar("Nothing", 0, "/n", "danger")], title="Zero"),
        line_chart([Point("1 Mar", 3, "/w/1"), Point("2 Mar", 0, "/w/2")], title="Line"),
        line_chart([Point("1 Mar", 3, "/w/1")], title="One"),
        line_chart([], title="Empty"),
    ],
    ids=["bars", "none", "zero", "line", "one", "empty"],
)
def test_a_drawing_has_no_style_colour_or_id_of_its_own(svg: str) -> None:
    elements = list(Tree.fromstring(svg).iter())  # noqa: S314
    for element in elements:
        assert element.attrib.keys().isdisjoint({"style", "fill", "stroke", "font-family", "id"})
    assert "link.invalid" not in svg
    assert elements[0].attrib["role"] == "group"


def test_a_line_links_every_point() -> None:
    rows = [Point(f"Week {at}", at, f"/w?at={at}&b=1") for at in range(30)]
    assert [href for href, _ in links(line_chart(rows, title="T"))] == [row.href for row in rows]


def test_a_bar_that_leads_nowhere_is_still_named() -> None:
    svg = bar_chart([Bar("Elsewhere", 4, "")], title="T")
    assert links(svg) == []
    assert 'aria-label="Elsewhere: 4"' in svg


@example([("Fourteen chars 😡😡😡😡😡😡", 1)])
@settings(max_examples=15)
@given(st.lists(st.tuples(names, st.integers(0, 10**9)), min_size=1, max_size=5))
def test_any_label_survives(rows: list[tuple[str, int]]) -> None:
    bars = [Bar(name, value, f"/x?at={at}") for at, (name, value) in enumerate(rows)]
    svg = bar_chart(bars, title="T", ordered=True)
    assert [name for _, name in links(svg)] == [f"{name}: {value:,}" for name, value in rows]


def test_a_long_label_is_cut_between_characters() -> None:
    assert charts.shortened("Late payment") == "Late payment"
    assert charts.shortened("Unclear letter about fees") == "Unclear letter abo…"
    assert charts.shortened("😡" * 12) == "😡" * 8 + "…"


def test_equal_figures_are_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = bar_chart([*SURVEY], title="Once")
    monkeypatch.setattr(charts, "_drawn", None)
    assert bar_chart([*SURVEY], title="Once") is first


def test_the_converter_may_fetch_nothing() -> None:
    with pytest.raises(ValueError, match="not allowed"):
        vl_convert.vegalite_to_svg({"data": {"url": "http://127.0.0.1:9/x.csv"}, "mark": "bar"}, allowed_base_urls=[])
