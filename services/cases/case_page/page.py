"""One case on one page: its aspects with the next thing to do, its timeline, its customer, and the features' forms."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.cases.aspects.view import aspect_list, known_handlers, of_case
from services.cases.case.actions import work
from services.cases.case.state import Case
from services.cases.case_page import timeline
from services.cases.caseload import view
from services.cases.caseload.listing import CASES, case_with_details
from services.cases.caseload.page import lag_of, rail
from services.cases.conversation.reply_templates import Filled, insert, offered, values_of
from services.cases.conversation.view import reply_list, taken_back_by
from services.cases.pages import pages
from shared.features.action_routes import NOTHING, Refused
from shared.features.listing import Asked, counts, rows
from shared.http.live import add_live
from shared.http.paging import Paging
from shared.http.requests import AtLeast, allow, asker
from shared.problems import RuleBroken
from shared.security.permissions import may
from shared.service.runtime import CurrentRuntime
from shared.web.templating import gettext as _

OTHERS = 5
RULE = "DISP 1.6.2R"
routes = APIRouter(include_in_schema=False)
work.views = (view.caseload, timeline.timeline, aspect_list, reply_list)
add_live(routes, "/cases/live", "cases.read", *work.views)


@routes.get("/cases/{case_id}", dependencies=[allow("cases.read")])
async def show_case(
    request: Request, runtime: CurrentRuntime, case_id: UUID, at_least: AtLeast = None, template: str | None = None
) -> Response:
    await runtime.positions.seen(at_least, *work.views)
    return await show(request, case_id, template=template)


async def show(request: Request, case_id: UUID, refused: Refused = NOTHING, *, template: str | None = None) -> Response:
    """The case as it is, with a template in the composer, or with what was refused beside everything that was typed."""
    who, runtime = asker(request), request.app.state.runtime
    now = runtime.clock.now()
    async with runtime.pool.connection() as conn:
        row = await case_with_details(conn, case_id)
        found = await of_case(conn, case_id)
        entries = await timeline.of_case(conn, case_id)
        handlers = await known_handlers(conn)
        begun: Mapping[str, Any] | Filled = await taken_back_by(conn, case_id, who.id)
        counted = await counts(conn, CASES, who.id, now)
        theirs = Asked({"person": row["person_id"]}, sort="-received")
        others = (await rows(conn, CASES, theirs, Paging(OTHERS + 1), who.id, now)).rows
    if template is not None and row["email"] and may(who, "cases.work"):
        try:
            begun = insert(template, values_of(row, who.name))
        except RuleBroken as broken:
            refused = Refused(broken.status, "templates", {broken.field: _(str(broken))})
    state = view.state_of(row)
    mark_work(state, found)
    return pages.render(
        request, "case.html", refused.status, area="cases", live="/cases/live",
        counts=rail(counted), case=row, state=state, actions=work, now=now, aspects=found,
        entries=with_delivery(entries), handlers=sorted({*handlers, who.id}), rule=RULE,
        others=[other for other in others if other["case_id"] != case_id][:OTHERS],
        begun=begun, templates=offered(), template=template, unread=view.is_unread(row),
        most=timeline.MOST, cut=len(entries) >= timeline.MOST, can_work=may(who, "cases.work"),
        may_erase=may(who, "people.erase"), refused=refused, new_key=secrets.token_urlsafe,
        rebuilding=sorted(runtime.rebuilding), lag=lag_of(runtime),
    )  # fmt: skip


def mark_work(case: Case, found: Sequence[dict[str, Any]]) -> None:
    """Say of each aspect what comes next, and of one of them that it is the next thing to do in the case."""
    undecided = () if case.closed else tuple(aspect.id for aspect in case.open_aspects)
    for aspect in found:
        aspect["decidable"] = aspect["aspect_id"] in undecided
        aspect["next"] = ""
        if aspect["decidable"]:
            known = aspect["product"] and aspect["issue"]
            aspect["next"] = "assign" if aspect["handler"] is None else "resolve" if known else "classify"
    first = next((aspect for aspect in found if aspect["next"]), None)
    for aspect in found:
        aspect["first"] = aspect is first


DELIVERY = ("message.sent", "message.failed")


def with_delivery(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One entry per message, with how far it got: three would say less. A reply is shown as its handler wrote it."""
    state = {entry["about"]: entry for entry in entries if entry["kind"] in DELIVERY}
    replies = {entry["about"] for entry in entries if entry["kind"] == "case.reply-written"}
    taken_back = {entry["about"] for entry in entries if entry["kind"] == "case.reply-taken-back"}
    return [
        {**entry, "delivery": state.get(entry["about"]), "taken_back": entry["about"] in taken_back}
        for entry in entries
        if entry["kind"] not in (*DELIVERY, "case.reply-taken-back")
        and not (entry["kind"] == "message.written" and entry["about"] in replies)
    ]
