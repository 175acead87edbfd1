"""Charts as SVG drawn on the server: every mark a link to the cases behind it, coloured by the page's own tokens."""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple
from unicodedata import east_asian_width

import altair
import vl_convert
from markupsafe import Markup

from . import drawing, words

SEVEN = 7
STEP = 26
LABEL_WIDTH = 128
VALUE_WIDTH = 48
HIGHEST = 0.001
ROOM = 19


class Bar(NamedTuple):
    """One category: what it is called, how many, where its cases are, and a tone where colour has a meaning."""

    label: str
    value: float
    href: str
    tone: words.Tone = "neutral"


class Point(NamedTuple):
    """One moment of a series; moments come evenly spaced and in order."""

    label: str
    value: float
    href: str


def sorted_bars(rows: Sequence[Bar], *, ordered: bool = False, other: str = "Other", other_href: str = "") -> list[Bar]:
    """Largest first, at most seven and the rest as one; an ordered scale keeps its order and its zeros."""
    if ordered:
        return list(rows)
    ranked = sorted(rows, key=lambda row: -row.value)
    if len(ranked) <= SEVEN:
        return ranked
    rest = sum(row.value for row in ranked[SEVEN:])
    return [*ranked[:SEVEN], Bar(other, rest, other_href)]


def shortened(label: str) -> str:
    """What fits before the bar, wide characters counted twice; the converter's own cut can split one in two."""
    taken = 0
    for at, character in enumerate(label):
        taken += 2 if east_asian_width(character) in "WF" else 1
        if taken > ROOM:
            return label[: at - 1].rstrip() + "…"
    return label


def bar_chart(
    rows: Sequence[Bar],
    *,
    title: str,
    ordered: bool = False,
    other: str = "Other",
    other_href: str = "",
    say: Callable[[float], str] = words.number,
    width: int = 360,
) -> Markup:
    """Horizontal bars from zero with their figures at the end; call it in a thread, the first takes a second."""
    bars = sorted_bars(rows, ordered=ordered, other=other, other_href=other_href)
    return _bars(tuple(bars), title, say, width)


@lru_cache(maxsize=256)
def _bars(bars: tuple[Bar, ...], title: str, say: Callable[[float], str], width: int) -> Markup:
    values = [
        {
            "at": at,
            "label": shortened(row.label),
            "value": row.value,
            "said": say(row.value),
            "tone": row.tone,
            "href": drawing.link(row.href, f"{row.label}: {say(row.value)}"),
        }
        for at, row in enumerate(bars)
    ]
    top = max([HIGHEST, *(row.value for row in bars)])
    scale = altair.Scale(domain=[0, top], range=[LABEL_WIDTH, width - VALUE_WIDTH], nice=False, zero=True)
    base = altair.Chart(altair.InlineData(values=values)).encode(y=altair.Y("at:O", axis=None, sort=None))
    x = altair.X("value:Q", scale=scale, axis=None)
    label = altair.Text("label:N")
    chart = altair.layer(
        base.mark_bar(height=14, cornerRadius=2).encode(
            x=x, color=altair.Color("tone:N", scale=drawing.TONES, legend=None)
        ),
        base.mark_text(align="right", baseline="middle", fontSize=12).encode(
            x=altair.value(LABEL_WIDTH - 8), text=label, color=altair.value(drawing.TEXT)
        ),
        base.mark_text(align="left", baseline="middle", dx=6, fontSize=12, fontWeight=600).encode(
            x=x, text=altair.Text("said:N"), color=altair.value(drawing.TEXT)
        ),
        base.mark_rect(height=STEP - 2, cornerRadius=4).encode(
            x=altair.value(0), x2=altair.value(width), href="href:N", color=altair.value(drawing.HIT)
        ),
    ).properties(width=width, height=altair.Step(STEP))
    return _drawn(chart, title)


def line_chart(
    rows: Sequence[Point],
    *,
    title: str,
    say: Callable[[float], str] = words.number,
    width: int = 360,
    height: int = 140,
) -> Markup:
    """One series over time from zero, its last figure said at the end and every point a link."""
    return _line(tuple(rows), title, say, width, height)


@lru_cache(maxsize=256)
def _line(rows: tuple[Point, ...], title: str, say: Callable[[float], str], width: int, height: int) -> Markup:
    step = max(1, math.ceil(len(rows) / 5))
    values = [
        {
            "at": at,
            "value": row.value,
            "label": row.label if (len(rows) - 1 - at) % step == 0 else "",
            "said": say(row.value) if at == len(rows) - 1 else "",
            "href": drawing.link(row.href, f"{row.label}: {say(row.value)}"),
        }
        for at, row in enumerate(rows)
    ]
    top = max([HIGHEST, *(row.value for row in rows)])
    room = [24, width - VALUE_WIDTH]
    apart = (room[1] - room[0]) / max(len(rows) - 1, 1)
    base = altair.Chart(altair.InlineData(values=values)).encode(
        x=altair.X("at:O", axis=None, scale=altair.Scale(type="point", range=room, padding=0))
    )
    y = altair.Y("value:Q", axis=None, scale=altair.Scale(domain=[0, top], range=[height - 28, 12]))
    chart = altair.layer(
        altair.Chart(altair.InlineData(values=[{}]))
        .mark_rule(strokeWidth=1)
        .encode(
            y=altair.value(height - 28),
            x=altair.value(0),
            x2=altair.value(width),
            color=altair.value(drawing.AXIS),
        ),
        base.mark_line(strokeWidth=2).encode(y=y, color=altair.value(drawing.LINE)),
        base.mark_point(filled=True, size=36, opacity=1).encode(y=y, color=altair.value(drawing.LINE)),
        base.mark_text(dx=10, align="left", fontSize=12, fontWeight=600).encode(
            y=y, text=altair.Text("said:N"), color=altair.value(drawing.TEXT)
        ),
        base.mark_text(baseline="bottom", fontSize=11).encode(
            y=altair.value(height - 4), text=altair.Text("label:N"), color=altair.value(drawing.MUTED)
        ),
        base.mark_rect(width=max(8, min(apart - 2, 48)), cornerRadius=4).encode(
            y=altair.value(2), y2=altair.value(height - 24), href="href:N", color=altair.value(drawing.HIT)
        ),
    ).properties(width=width, height=height)
    return _drawn(chart, title)


def _drawn(chart: altair.LayerChart | altair.FacetChart, title: str) -> Markup:
    """The converter may fetch nothing, neither data nor fonts; what it draws is kept by its callers."""
    spec = chart.configure_view(stroke=None).to_dict()
    svg = vl_convert.vegalite_to_svg({**spec, "background": None, "padding": 0}, allowed_base_urls=[])
    return drawing.themed(svg, title)
