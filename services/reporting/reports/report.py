"""What the page of a report shows: the question, both counts as charts and as a table, every figure a link."""

from typing import Any

from services.reporting.reports.filters import Report
from services.reporting.reports.labels import QUESTIONS, TONES, label, months
from services.reporting.reports.listing import NOTHING, Counts, Group
from shared.web.templating import gettext

LONGEST = 60
"""Months in one drawing; the table has them all."""


def groups_of(report: Report, counts: Counts) -> list[Group]:
    """As they are shown: over time without holes."""
    if report.by != "month":
        return list(counts.groups)
    known = {group.value: group for group in counts.groups}
    return [known.get(month, Group(month, 0, 0)) for month in months([g.value for g in counts.groups if g.value])]


def rows_of(report: Report, groups: list[Group]) -> list[dict[str, Any]]:
    return [
        {
            "label": label(report.by, group.value), "complaints": group.complaints, "aspects": group.aspects,
            "href": {count: _behind(report, group.value, count) for count in ("complaints", "aspects")},
        }
        for group in groups
    ]  # fmt: skip


def drawings(report: Report, groups: list[Group]) -> list[dict[str, Any]]:
    """One per count; call it in a thread, as drawing takes time."""
    return [
        {"caption": gettext(caption), "svg": _drawing(report, groups, count), "count": count}
        for caption, count in (("Complaints", "complaints"), ("Aspects", "aspects"))
    ]


def _drawing(report: Report, groups: list[Group], count: str) -> Any:
    from shared.web.charts import Bar, Point, bar_chart, line_chart  # noqa: PLC0415 - it loads half a second of schema

    title = f"{gettext(QUESTIONS[report.by])} {gettext(count.capitalize())}"
    marks = [(label(report.by, g.value), getattr(g, count), _behind(report, g.value, count), g.value) for g in groups]
    if report.by == "month":
        return line_chart([Point(text, number, href) for text, number, href, _ in marks[-LONGEST:]], title=title)
    bars = [Bar(text, number, href, TONES.get(value or "", "neutral")) for text, number, href, value in marks]  # type: ignore[arg-type]
    return bar_chart(bars, title=title, other=gettext("Other"), other_href="#table")


def _behind(report: Report, value: str | None, count: str) -> str:
    """The list of exactly what is counted: complaints by their main aspect, or every aspect."""
    narrowed = {"main": "true"} if count == "complaints" else {}
    return report.address("/reports/complaints", **{report.by: value or NOTHING}, **narrowed)
