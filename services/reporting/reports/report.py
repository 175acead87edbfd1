"""Content of a report's page: the question, both counts as charts and as a table, every figure a link."""

from typing import Any

from services.reporting.reports.filters import Report
from services.reporting.reports.labels import label, months
from services.reporting.reports.listing import NOTHING, Counts, Group
from shared.features.codes import tone
from shared.web.charts import Mark, highest, largest
from shared.web.templating import gettext

COUNTED = {"complaints": "Complaints", "aspects": "Aspects"}
LONGEST = 60
"""Months in one chart; the table has them all."""


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
            "tone": tone(group.value), "href": {count: _behind(report, group.value, count) for count in COUNTED},
        }
        for group in groups
    ]  # fmt: skip


def charts_of(report: Report, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One for each count, both on one scale."""
    marks = {count: _marks(report, rows, count) for count in COUNTED}
    top = highest(*marks.values())
    return [
        {"caption": gettext(COUNTED[count]), "count": count, "marks": shown, "top": top}
        for count, shown in marks.items()
    ]


def _marks(report: Report, rows: list[dict[str, Any]], count: str) -> list[Mark]:
    marks = [Mark(row["label"], row[count], row["href"][count], row["tone"]) for row in rows]
    return marks[-LONGEST:] if report.by == "month" else largest(marks, gettext("Other"), "#table")


def _behind(report: Report, value: str | None, count: str) -> str:
    """The list of exactly what is counted: complaints by their main aspect, or every aspect."""
    narrowed = {"main": "true"} if count == "complaints" else {}
    return report.address("/reports/complaints", **{report.by: value or NOTHING}, **narrowed)
