"""GET /styleguide: every component in every state, so that a change to one is seen before it ships."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from shared.security.permissions import Who

from .charts import Mark, highest, largest
from .pages import THEMES, render, theme_of

router = APIRouter(include_in_schema=False)

PEOPLE = ("Ines Duarte", "Tom Okafor", "Mei Lin", "–", "Ines Duarte")
ABOUT = (
    "Charged twice for one card payment, and the second was never refunded",
    "Loan agreement sent to an old address",
    "Claim refused without a reason",
    "Waited 50 minutes on the phone",
    "Thanks for putting it right so quickly",
)
TROUBLE = {"letter": "Tell us what went wrong", "outcome": "Choose how we should answer you"}
ERRORS = {
    "reason": "Enter a reason",
    "letter": "Say what you decided and why",
    "outcome": "Choose an outcome",
    "sure": "Confirm that you have read the file",
}


def _theme(request: Request) -> str:
    asked = request.query_params.get("theme", "")
    return asked if asked in THEMES else theme_of(request)


def _rows(now: datetime) -> list[dict[str, Any]]:
    """Five cases from overdue to hardly begun, from furious to content."""
    hours = (-27, 5, 52, 300, 700)
    scores = ((-0.8, "red"), (-0.4, "amber"), (-0.3, "amber"), (0.0, "green"), (0.6, "green"))
    statuses = ("open", "pending", "new", "on_hold", "resolved")
    return [
        {
            "reference": f"CMP-2026-00012{at}",
            "about": ABOUT[at],
            "product": ("Credit card", "Loan", "Home insurance", "Current account", "Credit card")[at],
            "status": statuses[at],
            "owner": PEOPLE[at],
            "started": now - timedelta(days=30),
            "due": now + timedelta(hours=hours[at]),
            "score": scores[at][0],
            "heat": scores[at][1],
            "age": (41, 30, 12, 5, 1)[at],
        }
        for at in range(5)
    ]


def _entries(now: datetime) -> list[dict[str, Any]]:
    """One entry of each kind, newest at the bottom."""
    told = (
        ("in", "Amal Haddad", "wrote by e-mail", ABOUT[0] + ". I have asked three times."),
        ("event", "Recourse", "acknowledged the complaint", ""),
        ("note", "Ines Duarte", "added a note", "The merchant confirms a double booking."),
        ("call", "Ines Duarte", "called the customer", ""),
        ("clock", "Recourse", "warned: final response due in 3 d", ""),
        ("decision", "Ines Duarte", "upheld the main aspect", ""),
        ("letter", "Ines Duarte", "sent the final response", ""),
        ("out", "Ines Duarte", "replied by e-mail", "The payment is back on your account."),
    )
    return [
        {"kind": kind, "who": who, "text": text, "body": body, "at": now - timedelta(hours=90 - 11 * at)}
        for at, (kind, who, text, body) in enumerate(told)
    ]


def _charts() -> list[dict[str, Any]]:
    """Sorted bars with the rest as one, a survey scale with its zeros, and a line."""
    causes = (
        ("Charged twice", 412), ("Late payment", 103), ("Letter about fees that nobody could follow", 45),
        ("Wrong address", 25), ("Long wait", 16), ("Refused claim", 11), ("Lost letter", 3), ("Rude call", 2),
        ("Fees", 1),
    )  # fmt: skip
    scale = (("Very satisfied", 41), ("Satisfied", 87), ("Neither", 0), ("Dissatisfied", 12), ("Very dissatisfied", 5))
    where = [Mark(name, n, f"/cases?cause={at}") for at, (name, n) in enumerate(causes)]
    answers = [Mark(name, n, f"/surveys?answer={at}") for at, (name, n) in enumerate(scale)]
    weeks = [Mark(f"{at + 1} Mar", 40 + at * 7 % 23, f"/cases?week={at}") for at in range(14)]
    return [
        {
            "caption": caption, "kind": kind, "marks": marks, "top": highest(marks), "headers": ("What", "Complaints"),
            "rows": [(mark.label, mark.value) for mark in every],
        }
        for caption, kind, marks, every in (
            ("Where do complaints come from?", "bars", largest(where, "Other", "/cases"), where),
            ("How did we handle it?", "bars", answers, answers),
            ("Are there more than before?", "line", weeks, weeks),
        )
    ]  # fmt: skip


@router.get("/styleguide")
def styleguide(request: Request) -> HTMLResponse:
    now = datetime.now(UTC)
    started = now - timedelta(days=10)
    return render(
        request,
        "styleguide.html",
        theme=_theme(request),
        tab=request.query_params.get("tab", "all"),
        area="cases",
        who=Who("1", "Ines Duarte", "leader"),
        now=now,
        received=now.date(),
        rows=_rows(now),
        entries=_entries(now),
        errors=ERRORS,
        counts={"cases": {"mine": 12, "late": 2}, "intake": 4, "alerts": 2},
        clocks={
            "started": started,
            "calm": now + timedelta(days=12, minutes=5),
            "soon": now + timedelta(hours=28),
            "late": now - timedelta(hours=27),
        },
        charts=_charts(),
    )


@router.get("/styleguide/customer")
def customer(request: Request) -> HTMLResponse:
    """The same components at the customer's size."""
    now = datetime.now(UTC)
    return render(
        request,
        "styleguide_customer.html",
        theme=_theme(request),
        received=now.date() + timedelta(days=28),
        entries=_entries(now)[:2],
        errors=TROUBLE,
    )
