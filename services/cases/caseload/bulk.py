"""Work on many cases at once: assign what nobody owns to whoever asks, or set priorities; refusals are counted."""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from services.cases.aspects.assignment import assign_case
from services.cases.case.actions import decider
from services.cases.case.state import Case
from services.cases.caseload.view import caseload
from services.cases.priority.priority import BY_HAND, ChangePriority, change_priority
from shared.events import Event, Provenance
from shared.features.codes import PRIORITIES
from shared.features.decider import Asked, Done
from shared.http.paging import LARGEST
from shared.http.requests import Form, allow, asker
from shared.problems import RuleBroken, Unprocessable
from shared.service.runtime import running
from shared.web.pages import flash
from shared.web.templating import gettext as _
from shared.web.templating import ngettext

routes = APIRouter(include_in_schema=False)
Decision = Callable[[Case, Provenance], Sequence[Event]]


@routes.post("/cases/bulk", dependencies=[allow("cases.work")])
async def work_on_many(request: Request, form: Form) -> Response:
    """Back to the list as it was, with a notice that counts."""
    back = str(form.get("back", "/cases"))
    response = RedirectResponse(back if back == "/cases" or back.startswith("/cases?") else "/cases", 303)
    ids = _ids([str(value) for value in form.getlist("id")])
    if not ids:
        flash(request, response, _("Select at least one case first"))
        return response
    do, priority = str(form.get("do", "")), str(form.get("priority", ""))
    if do == "priority" and not priority:
        flash(request, response, _("Choose a priority first"))
        return response
    decision, sentence = _asked(request, do, priority)
    runtime, asked = running(request), Asked(asker(request).id)
    # Together, so that they share a commit; one that is refused does not keep the others back.
    answers = await asyncio.gather(
        *(decider.decide(runtime, id_, decision, asked) for id_ in ids), return_exceptions=True
    )
    if failed := [one for one in answers if isinstance(one, BaseException) and not isinstance(one, RuleBroken)]:
        raise failed[0]
    refused = [str(one) for one in answers if isinstance(one, RuleBroken)]
    changed = len(ids) - len(refused)
    said = sentence(changed) % {"num": changed}
    if refused:
        said = _("%(done)s. %(count)s not changed: %(why)s") % {"done": said, "count": len(refused), "why": refused[0]}
    saved = [one for answer in answers if isinstance(answer, Done) for one in answer.saved]
    await runtime.positions.settle(saved, [caseload])
    flash(request, response, said)
    return response


def _asked(request: Request, do: str, priority: str) -> tuple[Decision, Callable[[int], str]]:
    """The decision, and the sentence that says that it was taken."""
    me = asker(request).id
    if do == "assign":
        return (
            lambda case, by: assign_case(case, me, by),
            lambda count: ngettext("%(num)d case assigned to you", "%(num)d cases assigned to you", count),
        )
    if priority not in PRIORITIES:
        raise Unprocessable("Choose a priority for the selected cases.")
    asked = ChangePriority(priority=priority, reason=BY_HAND)
    return (
        lambda case, by: change_priority(case, asked, by),
        lambda count: ngettext("Priority set on %(num)d case", "Priority set on %(num)d cases", count),
    )


def _ids(given: Sequence[str]) -> list[UUID]:
    try:
        ids = list(dict.fromkeys(UUID(one) for one in given))
    except ValueError:
        raise Unprocessable("Select cases in the list, then choose what to do with them.") from None
    if len(ids) > LARGEST:
        raise Unprocessable(f"Select at most {LARGEST} cases, then choose what to do with them.")
    return ids
