"""The charts of a page, read from its HTML as far as they say something."""

import re
from typing import NamedTuple
from xml.etree import ElementTree as Tree


class Drawn(NamedTuple):
    """A bar with its length, or a point with its height, in percent of the scale."""

    label: str
    value: int
    href: str
    size: float


def bars(page: str) -> list[list[Drawn]]:
    """The bars of each chart, by what their rows say."""
    return [[_bar(row) for row in chart.iter("a")] for chart in _found(r'<ul class="bars".*?</ul>', page)]


def points(page: str) -> list[list[Drawn]]:
    """The points of each line, by their names."""
    return [
        [_point(link) for link in chart.iter("a")]
        for chart in _found(r'<svg class="line-plot".*?</svg>(?=</div>)', page)
    ]


def _found(pattern: str, page: str) -> list[Tree.Element]:
    return [Tree.fromstring(text) for text in re.findall(pattern, page, re.S)]  # noqa: S314


def _bar(row: Tree.Element) -> Drawn:
    label, value = (span.text or "" for span in row.iter("span"))
    (rect,) = row.iter("rect")
    return Drawn(label, _number(value), row.attrib["href"], float(rect.attrib["width"].removesuffix("%")))


def _point(link: Tree.Element) -> Drawn:
    label, value = link.attrib["aria-label"].rsplit(": ", 1)
    (circle,) = link.iter("circle")
    return Drawn(label, _number(value), link.attrib["href"], 100 - float(circle.attrib["cy"].removesuffix("%")))


def _number(text: str) -> int:
    return int(text.replace(",", ""))
