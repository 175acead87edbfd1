"""Charts as a browser lays them out: the same scale in pixels, no word cut or covered, every mark a link."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from playwright.async_api import Page, expect

from shared.http.headers import security_headers
from shared.web.charts import Mark, highest
from shared.web.pages import Pages, static_files
from tests.pages.checks import overflow, served

PAGE = """{% extends "staff.html" %}{% import "components.html" as ui %}
{% block title %}Charts{% endblock %}
{% block content %}<h1>Charts</h1>
{% for charts in together %}<div class="charts">
{% for marks in charts %}
{{ ui.chart(ui.bar_chart(marks, highest(*charts)), ["What", "Number"], [], "Bars") }}
{% endfor %}
</div>{% endfor %}
<div class="charts">
{% for marks in lines %}
{{ ui.chart(ui.line_chart(marks, highest(*lines), "Line"), ["When", "Number"], [], "Line") }}
{% endfor %}
</div>{% endblock %}"""

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
FEW = [Mark("Fees", 7, "/b/1"), Mark("Electricity, gas, water and all else that comes through a pipe", 20, "/b/2")]
MANY = [Mark(LONG, 99, "/b/3"), Mark("Nothing", 0, "/b/4", "danger"), Mark("😡" * 40, 61, "/b/5", "good")]
HUGE = [[Mark("Large", 9_876_543, "/b/6")], [Mark("Small", 98_765, "/b/7"), Mark("Smaller", 1234, "/b/8")]]


def months(count: int) -> list[Mark]:
    """Falling to nothing in the middle and highest at the end, where text has the least room."""
    return [Mark(f"Sep {2000 + at}", abs(2 * at + 1 - count) * 1000, f"/l/{count}/{at}") for at in range(count)]


BARS, LINES = [[FEW, MANY], HUGE], [months(count) for count in (1, 2, 5, 6, 13, 60)]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("charts")
    (folder / "charts.html").write_text(PAGE)
    pages, app = Pages(folder), FastAPI()

    @app.get("/")
    def charts(request: Request, theme: str = "") -> Response:
        return pages.render(request, "charts.html", theme=theme, together=BARS, lines=LINES, highest=highest)

    app.mount("/static", static_files())
    app.add_middleware(security_headers)
    with served(app) as found:
        yield found


@pytest.fixture(params=[360, 1400])
async def opened(page: Page, address: str, request: pytest.FixtureRequest) -> Page:
    await page.set_viewport_size({"width": request.param, "height": 900})
    await page.goto(address)
    return page


async def boxes(page: Page, selector: str) -> list[dict[str, float]]:
    """Where the matching elements are painted; of one that is not, the sides are 0."""
    found: list[dict[str, float]] = await page.eval_on_selector_all(
        selector,
        """(all) => all.map((one) => {
          const { left, right, top, bottom, width, height } = one.getBoundingClientRect();
          return { left, right, top: top + scrollY, bottom: bottom + scrollY, width, height };
        })""",
    )
    return found


def apart(one: dict[str, float], other: dict[str, float]) -> bool:
    return (
        one["right"] <= other["left"] + 0.5
        or other["right"] <= one["left"] + 0.5
        or one["bottom"] <= other["top"] + 0.5
        or other["bottom"] <= one["top"] + 0.5
    )


async def test_bars_that_are_read_together_begin_at_one_place_and_have_one_scale(opened: Page) -> None:
    for number, charts in enumerate(BARS, 1):
        top, whole = highest(*charts), set()
        for place, marks in enumerate(charts, 1):
            here = f"main .charts:nth-of-type({number}) .chart:nth-child({place})"
            (chart,), tracks = await boxes(opened, f"{here} .bars"), await boxes(opened, f"{here} .bar-track")
            drawn = await boxes(opened, f"{here} .bar-track rect")
            assert len(drawn) == len(marks)
            for mark, bar, track in zip(marks, drawn, tracks, strict=True):
                assert bar["width"] == pytest.approx(track["width"] * mark.value / top, abs=0.5)
                assert bar["left"] == pytest.approx(track["left"], abs=0.5)
                assert track["right"] == pytest.approx(chart["right"], abs=0.5), "the width is used"
                assert bar["height"] >= 10
                whole.add((round(track["left"] - chart["left"]), round(track["width"])))
        assert len(whole) == 1
        assert whole.pop()[1] > chart["width"] * 0.3


async def test_no_word_of_a_bar_is_cut_or_covered(opened: Page) -> None:
    assert await overflow(opened) == []
    rows = await opened.locator(".bars a").all()
    assert rows
    for row in rows:
        label, value = row.locator(".bar-label"), row.locator(".bar-value")
        for text in (label, value):
            assert await text.evaluate(
                """(text) => {
                  const words = document.createRange();
                  words.selectNodeContents(text);
                  const [inner, outer] = [words.getBoundingClientRect(), text.closest("a").getBoundingClientRect()];
                  return inner.left >= outer.left - 0.5 && inner.top >= outer.top - 0.5
                    && inner.bottom <= outer.bottom + 0.5 && inner.right <= outer.right + 0.5
                    && text.scrollWidth <= text.clientWidth && getComputedStyle(text).textOverflow !== "ellipsis";
                }"""
            )
        parts = [await part.bounding_box() for part in (label, value, row.locator(".bar-track"))]
        edges = [(part["x"], part["x"] + part["width"]) for part in parts if part]
        assert all(before[1] <= after[0] + 0.5 for before, after in pairwise(edges))


async def test_points_stand_on_one_scale_in_even_steps(opened: Page) -> None:
    plots = await boxes(opened, ".line-plot")
    for plot, marks, number in zip(plots, LINES, range(len(LINES)), strict=True):
        drawn = await boxes(opened, f".chart:has(.line-plot):nth-child({number + 1}) .c-dot")
        assert len(drawn) == len(marks)
        for at, (mark, dot) in enumerate(zip(marks, drawn, strict=True)):
            across, down = (dot["left"] + dot["right"]) / 2, (dot["top"] + dot["bottom"]) / 2
            assert across == pytest.approx(await _inside(opened, number, "x", (at + 0.5) / len(marks)), abs=0.5)
            assert down == pytest.approx(await _inside(opened, number, "y", 1 - mark.value / 60_000), abs=0.5)
        assert plot["width"] > 0


async def _inside(page: Page, number: int, axis: str, share: float) -> float:
    """Where in the page a share of a plot's width or height is."""
    found: float = (
        await page.locator(".line-plot")
        .nth(number)
        .evaluate(
            """(plot, [axis, share]) => {
          const box = plot.getBoundingClientRect();
          return axis === "x" ? box.left + box.width * share : box.top + scrollY + box.height * share;
        }""",
            [axis, share],
        )
    )
    return found


async def test_no_word_of_a_line_is_cut_or_covers_another(opened: Page) -> None:
    width = await opened.evaluate("innerWidth")
    for number in range(len(LINES)):
        here = f".chart:nth-child({number + 1}) .line-chart"
        shown = [box for box in await boxes(opened, f"{here} .line-when text") if box["width"]]
        shown += await boxes(opened, f"{here} .line-scale span") + await boxes(opened, f"{here} .c-last")
        assert all(box["left"] >= 0 and box["right"] <= width for box in shown)
        assert all(apart(one, other) for at, one in enumerate(shown) for other in shown[:at])
    ends = await boxes(opened, ".line-when text:last-child")
    assert len(ends) == len(LINES)
    assert all(box["width"] for box in ends), "the last moment is named at any width"


async def test_what_is_pointed_at_says_its_figure_and_leads_to_its_cases(opened: Page, address: str) -> None:
    width = await opened.evaluate("innerWidth")
    for number, marks in enumerate(LINES):
        for at, mark in enumerate(marks):
            link = opened.locator(".line-plot").nth(number).locator("a").nth(at)
            await link.locator(".c-hit").hover()
            said = link.locator(".c-said")
            await expect(said).to_have_text(f"{mark.label}: {mark.value:,}")
            await expect(said).to_be_visible()
            box = await said.bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
    for mark in (*FEW, *MANY, LINES[4][-1]):
        target = opened.locator(f'a[href="{mark.href}"]').locator(".bar-track, .c-hit")
        await target.click()
        await expect(opened).to_have_url(address + mark.href)
        await opened.go_back()


async def test_one_drawing_serves_both_themes(page: Page, address: str) -> None:
    seen: dict[str, tuple[Any, ...]] = {}
    for theme in ("light", "dark"):
        await page.goto(f"{address}/?theme={theme}")
        seen[theme] = (
            await page.eval_on_selector_all(".bars, .line-plot", "(all) => all.map((one) => one.outerHTML)"),
            await page.eval_on_selector_all(
                ".bar-track rect, .c-dot, .c-line, .c-grid, .c-axis, .line-when text",
                "(all) => all.map((one) => [one.className.baseVal, ...['fill', 'stroke'].map((name) =>"
                " getComputedStyle(one)[name])].join(' '))",
            ),
        )
    assert seen["light"][0] == seen["dark"][0]
    assert not set(seen["light"][1]) & set(seen["dark"][1])
    assert len(set(seen["light"][1])) >= 7
