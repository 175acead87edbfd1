"""Turns a converter's SVG into one that belongs to the page: classes for colours, named links, no inline style."""

# The text parsed here comes from the converter in this process, never from outside.
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree import ElementTree as Tree

import altair
from markupsafe import Markup

SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}href"
PLACE = "https://link.invalid/"
"""Marks links for the converter, which would resolve a relative one against a host of its own."""

SCALE = 7 / 6
"""Drawn for a phone's width and shown larger where there is room, so that 12 becomes 14 and never 8."""

TEXT, MUTED, HIT, AXIS, LINE = "#010001", "#010002", "#010003", "#010004", "#010005"
TONE_COLOURS = {
    "neutral": "#010101",
    "good": "#010102",
    "warn": "#010103",
    "danger": "#010104",
    "accent": "#010105",
}
TONES = altair.Scale(domain=list(TONE_COLOURS), range=list(TONE_COLOURS.values()))
CLASSES = {
    TEXT: "c-text",
    MUTED: "c-muted",
    HIT: "c-hit",
    AXIS: "c-axis",
    LINE: "c-line",
    **{colour: "c-bar" if tone in ("neutral", "accent") else f"c-{tone}" for tone, colour in TONE_COLOURS.items()},
}
KEPT = frozenset(
    {"d", "transform", "x", "y", "x2", "y2", "width", "height", "opacity", "stroke-width"}
    | {"text-anchor", "font-size", "font-weight"}
)


def link(href: str, name: str) -> str:
    """An address that survives the converter and carries the link's accessible name."""
    return PLACE + "?" + urlencode({"href": href, "name": name})


def themed(svg: str, title: str) -> Markup:
    """The drawing under the page's colours; its marks are hidden from screen readers, its links are not."""
    source = Tree.fromstring(svg)  # noqa: S314 # nosec B314 # drawn by our own library a line before
    sides = {side: str(round(float(source.attrib[side]) * SCALE)) for side in ("width", "height")}
    root = Tree.Element("svg", {"viewBox": source.attrib["viewBox"], **sides})
    root.attrib |= {"role": "group", "aria-label": title}
    for child in source:
        root.extend(_copied(child))
    text = Tree.tostring(root, encoding="unicode", short_empty_elements=True)
    return Markup(text)  # noqa: S704 # nosec B704 # built element by element above, each value escaped


def _copied(element: Tree.Element) -> Iterator[Tree.Element]:
    """The element without what only the converter needs; empty groups and backgrounds disappear."""
    tag = element.tag.removeprefix(SVG)
    if tag == "defs" or element.get("class") in ("background", "foreground"):
        return
    if tag == "a":
        yield _link(element)
        return
    copy = Tree.Element(tag, _attributes(element, tag))
    copy.text = element.text
    for child in element:
        copy.extend(_copied(child))
    if tag == "g" and not copy.attrib:
        yield from copy
        return
    if tag != "g":
        copy.set("aria-hidden", "true")
    yield copy


def _attributes(element: Tree.Element, tag: str) -> dict[str, str]:
    kept = {key: value for key, value in element.attrib.items() if key in KEPT}
    for paint in ("fill", "stroke"):
        if (colour := element.get(paint, "")) in CLASSES:
            kept["class"] = f"{CLASSES[colour]}-{paint}" if colour == LINE else CLASSES[colour]
    return kept if tag != "g" else {key: kept[key] for key in ("transform",) if key in kept}


def _link(element: Tree.Element) -> Tree.Element:
    """A named link around its mark, or a named image where there is nowhere to go."""
    carried = dict(parse_qsl(urlsplit(element.get(XLINK, "")).query, keep_blank_values=True))
    href, name = carried.get("href", ""), carried.get("name", "")
    named = Tree.Element("a", {"href": href}) if href else Tree.Element("g", {"role": "img"})
    named.set("aria-label", name)
    for child in element:
        named.extend(_copied(child))
    return named
