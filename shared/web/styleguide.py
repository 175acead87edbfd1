"""GET /styleguide: every component in every state, so that a change to one is seen before it ships."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from shared.security.permissions import Who

from .charts import Mark, highest, largest
from .pages import THEMES, render, theme_of

router = APIRouter(include_in_schema=False)
CAUSES = {
    "Charged twice": 412, "Late payment": 103, "Letter about fees that nobody could follow": 45, "Wrong address": 25,
    "Long wait": 16, "Refused claim": 11, "Lost letter": 3, "Rude call": 2, "Fees": 1,
}  # fmt: skip
ANSWERS = {"Very satisfied": 41, "Satisfied": 87, "Neither": 0, "Dissatisfied": 12, "Very dissatisfied": 5}


def _charts() -> list[dict[str, Any]]:
    """Sorted bars with the rest as one, a survey scale with its zeros, and a line."""
    causes = [Mark(name, n, f"/cases?cause={at}") for at, (name, n) in enumerate(CAUSES.items())]
    answers = [Mark(name, n, f"/surveys?answer={at}") for at, (name, n) in enumerate(ANSWERS.items())]
    weeks = [Mark(f"{at + 1} Mar", 40 + at * 7 % 23, f"/cases?week={at}") for at in range(14)]
    return [
        {"caption": caption, "kind": kind, "marks": marks, "top": highest(marks), "rows": [one[:2] for one in every]}
        for caption, kind, marks, every in (
            ("Where do complaints come from?", "bars", largest(causes, "Other", "/cases"), causes),
            ("How did we handle it?", "bars", answers, answers),
            ("Are there more than before?", "line", weeks, weeks),
        )
    ]


def _page(request: Request, name: str, **context: Any) -> HTMLResponse:
    """In the theme that the address asks for; `at` is the moment so many hours from now."""
    now, asked = datetime.now(UTC), request.query_params.get("theme", "")
    theme = asked if asked in THEMES else theme_of(request)
    return render(request, name, theme=theme, now=now, at=lambda hours: now + timedelta(hours=hours), **context)


@router.get("/styleguide")
def styleguide(request: Request) -> HTMLResponse:
    return _page(
        request, "styleguide.html", area="cases", who=Who("1", "Ines Duarte", "leader"), charts=_charts(),
        tab=request.query_params.get("tab", "all"), counts={"cases": {"mine": 12, "late": 2}, "intake": 4, "alerts": 2},
    )  # fmt: skip


@router.get("/styleguide/customer")
def customer(request: Request) -> HTMLResponse:
    """The same components at the customer's size."""
    return _page(request, "styleguide_customer.html")
