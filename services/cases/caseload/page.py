"""The pages of the caseload: saved views, filters, search, and work on many cases at once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, get_args
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from services.cases.case.commands import Asked, Cases, Done
from services.cases.case_page.http import VIEWS
from services.cases.caseload.listing import CASES
from services.cases.caseload.view import caseload
from services.cases.pages import pages
from shared.events.cases import Priority
from shared.features.listing import Asked as ListAsked
from shared.features.listing import add_download, asked, counts, show
from shared.http.live import live_updates
from shared.http.paging import LARGEST, Page
from shared.http.requests import AtLeast, Form, allow, asker
from shared.problems import Unprocessable
from shared.security.permissions import may
from shared.service.runtime import Runtime
from shared.web.pages import flash
from shared.web.templating import gettext as _
from shared.web.templating import ngettext

CasesAsked = Annotated[ListAsked, Depends(asked(CASES))]


def router(cases: Cases) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    runtime = cases.runtime

    add_download(routes, CASES, "/cases/cases.csv")

    @routes.get("/cases", dependencies=[allow("cases.read")])
    async def show_cases(request: Request, asked: CasesAsked, page: Page, at_least: AtLeast = None) -> Response:
        """Open cases, unless the address narrows the list: that is looked for everywhere."""
        if not asked.values and CASES.tab not in asked.given:
            asked = asked.on("open")
        found, now = await show(CASES, request, asked, page, at_least), datetime.now(UTC)
        async with runtime.pool.connection() as conn:
            counted = await counts(conn, CASES, asker(request).id, now)
        return pages.render(
            request, "cases.html", area="cases", live="/cases/live", counts=rail(counted), now=now, list=found,
            counted=counted, can_work=may(asker(request), "cases.work"), rebuilding=sorted(runtime.rebuilding),
            lag=lag_of(runtime),
        )  # fmt: skip

    @routes.get("/cases/live", dependencies=[allow("cases.read")])
    async def live(request: Request) -> Response:
        return live_updates(request, runtime.pool, *VIEWS)

    @routes.post("/cases/bulk", dependencies=[allow("cases.work")])
    async def work_on_many(request: Request, form: Form) -> Response:
        """Assign the selected cases to whoever asks, or set their priority; those refused are counted."""
        given, who, back = form.getlist("id"), asker(request), str(form.get("back", "/cases"))
        response = RedirectResponse(back if back == "/cases" or back.startswith("/cases?") else "/cases", 303)
        if not given:
            flash(request, response, _("Choose cases in the list first, then what to do with them"))
            return response
        ids = _ids([str(value) for value in given])
        if form.get("do") == "assign":
            done = await cases.assign_many(ids, who.id, Asked(who.id))
            text = ngettext("%(num)d case is yours", "%(num)d cases are yours", len(ids) - len(done.refused))
        else:
            priority = next((one for one in get_args(Priority) if one == form.get("priority")), None)
            if priority is None:
                raise Unprocessable("Choose a priority for the selected cases.")
            done = await cases.prioritise_many(ids, priority, "Set by hand", Asked(who.id))
            text = ngettext(
                "Priority of %(num)d case is set", "Priority of %(num)d cases is set", len(ids) - len(done.refused)
            )
        await cases.settle(done.saved, caseload)
        flash(request, response, _said(text % {"num": len(ids) - len(done.refused)}, done))
        return response

    return routes


def rail(counted: dict[str, int]) -> dict[str, Any]:
    """The figures on the rail and the bell of every page of this service."""
    return {"cases": {"mine": counted["mine"], "late": counted["my_late"]}, "alerts": counted["alerts"]}


def lag_of(runtime: Runtime) -> float:
    """For how many seconds the caseload has stood still while there is something to read."""
    lag = runtime.lag.lags.get(f"cases.{caseload.name}")
    return lag.still_for if lag and lag.behind else 0.0


def _ids(given: Sequence[str]) -> list[UUID]:
    try:
        ids = list(dict.fromkeys(UUID(one) for one in given))
    except ValueError:
        raise Unprocessable("Select cases in the list, then choose what to do with them.") from None
    if len(ids) > LARGEST:
        raise Unprocessable(f"Select at most {LARGEST} cases, then choose what to do with them.")
    return ids


def _said(text: str, done: Done) -> str:
    if not done.refused:
        return text
    why = next(iter(done.refused.values()))
    return f"{text}. " + _("Left as they were: {count}. {why}").format(count=len(done.refused), why=why)
