"""The figures of charts and where they stand, from zero and in percent; the macros of `components.html` draw them."""

from collections.abc import Sequence
from itertools import count
from typing import NamedTuple

from .words import Tone

MOST = 7
LABELS = 5
"""Moments named under a line; a narrow one leaves out every second."""


class Mark(NamedTuple):
    """A bar, or a point of a line: its name, how many, where its cases are, and a tone where colour has a meaning."""

    label: str
    value: int
    href: str
    tone: Tone = "neutral"


class Spot(NamedTuple):
    """A mark on a line: percent from the left and from the top, how its text is anchored, and whether it has a name."""

    mark: Mark
    x: float
    y: float
    above: str
    below: str
    named: bool


def largest(marks: Sequence[Mark], other: str, other_href: str) -> list[Mark]:
    """Largest first, at most seven and the rest as one."""
    ranked = sorted(marks, key=lambda mark: -mark.value)
    if len(ranked) <= MOST:
        return ranked
    return [*ranked[:MOST], Mark(other, sum(mark.value for mark in ranked[MOST:]), other_href)]


def highest(*charts: Sequence[Mark]) -> int:
    """The end of the one scale on which charts stand that are read together."""
    return max((mark.value for marks in charts for mark in marks), default=0)


def share(value: int, top: int) -> str:
    """The length of a bar on a scale from zero to the top."""
    return f"{100 * value / max(top, 1):.2f}%"


def ticks(top: int) -> list[int]:
    """From zero in steps of 1, 2, 5, 10 and so on to the first that reaches the top: at most five."""
    step = next(size for power in count() for size in (10**power, 2 * 10**power, 5 * 10**power) if 4 * size >= top)
    return list(range(0, max(top, 1) + step, step))


def spots(marks: Sequence[Mark], top: int) -> list[Spot]:
    """Evenly spaced moments; text near either edge runs inwards, and the last moment is always named."""
    step = -(-len(marks) // LABELS)
    placed = []
    for at, mark in enumerate(marks):
        x = 100 * (at + 0.5) / len(marks)
        y = 100 - 100 * mark.value / max(top, 1)
        named = (len(marks) - 1 - at) % step == 0
        placed.append(Spot(mark, round(x, 2), round(y, 2), _anchor(x, 33), _anchor(x, 7), named))
    return placed


def _anchor(x: float, edge: int) -> str:
    return "start" if x < edge else "end" if x > 100 - edge else "middle"
