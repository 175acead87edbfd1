"""The customer's link: what it shows, stopping it, asking for a new one, and the same for staff."""

import secrets
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.background import BackgroundTask

from services.intake.complaint.links import LinkExpired, LinkStopped
from services.intake.complaint.listing import COMPLAINTS
from services.intake.complaint.view import complaint_list
from services.intake.links.commands import Tracking
from services.intake.message.receiving import WriteMessage
from services.intake.message.view import conversation, received_list
from services.intake.pages import pages
from shared.features.forms import Invalid, read
from shared.features.listing import one
from shared.http.requests import AtLeast, Form, allow, asker
from shared.service.runtime import CurrentRuntime, Runtime
from shared.text import reference_in
from shared.web.pages import flash
from shared.web.templating import gettext as _

routes = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1/complaints", tags=["complaints"])


@routes.get("/complain/track/{signed}")
async def track(request: Request, runtime: CurrentRuntime, signed: str, at_least: AtLeast = None) -> Response:
    """The status of a complaint, for the holder of its link."""
    return await show(request, runtime, signed, at_least)


async def show(
    request: Request, runtime: Runtime, signed: str, at_least: str | None = None, *,
    errors: Mapping[str, str] | None = None, typed: str = "",
) -> Response:  # fmt: skip
    """The page, with what is wrong with a message that was not taken."""
    try:
        complaint_id = await Tracking(runtime).open(signed)
    except (LinkExpired, LinkStopped) as ended:
        return end(request, signed, ended)
    await runtime.positions.wait(complaint_list, at_least)
    async with runtime.pool.connection() as conn:
        row = await one(conn, COMPLAINTS, complaint_id, ", c.changed_at")
        messages = await conversation(conn, complaint_id)
    return pages.render(
        request, "track.html", 422 if errors else 200, complaint=row, messages=messages, signed=signed,
        fresh=at_least is not None, errors=errors or {}, typed=typed, key=secrets.token_urlsafe(12),
    )  # fmt: skip


@routes.get("/complain/link")
async def lost(request: Request, asked: Annotated[bool, Query()] = False) -> Response:
    return pages.render(request, "link.html", why="", signed="", asked=asked, given={}, errors={})


@routes.post("/complain/link")
async def find(request: Request, runtime: CurrentRuntime, form: Form) -> Response:
    """Report a malformed reference or address, but never whether they belong to anyone."""
    reference, email = str(form.get("reference", ""))[:50], str(form.get("email", ""))[:200]
    errors = {}
    if reference_in(reference) is None:
        errors["reference"] = _("Enter the reference: eight letters and digits, like R7K2-M9QX.")
    if not email.isprintable() or not email.strip():
        errors["email"] = _("Enter the email address that you gave us.")
    if errors:
        given = {"reference": reference, "email": email}
        return pages.render(request, "link.html", 422, why="", signed="", asked=False, given=given, errors=errors)
    return _sent(BackgroundTask(Tracking(runtime).send_by_reference, reference, email))


@routes.post("/complain/track/{signed}/messages")
async def write(request: Request, runtime: CurrentRuntime, signed: str, form: Form) -> Response:
    """The customer adds to their complaint."""
    try:
        complaint_id = await Tracking(runtime).open(signed)
        asked = read(WriteMessage, {"text": str(form.get("text", ""))})
    except (LinkExpired, LinkStopped) as ended:
        return end(request, signed, ended)
    except Invalid as invalid:
        return await show(request, runtime, signed, errors=invalid.errors, typed=str(form.get("text", "")))
    saved = await Tracking(runtime).write(complaint_id, str(form.get("key", "")), asked.text)
    await runtime.positions.settle(saved, [received_list])
    response = RedirectResponse(f"/complain/track/{signed}", 303)
    flash(request, response, _("Message sent"))
    return response


@routes.post("/complain/track/{signed}/renewal")
async def renew(runtime: CurrentRuntime, signed: str, form: Form) -> Response:
    return _sent(BackgroundTask(Tracking(runtime).send_by_link, signed))


@routes.post("/complain/track/{signed}/revocation")
async def revoke(request: Request, runtime: CurrentRuntime, signed: str, form: Form) -> Response:
    """The customer stops their own links."""
    try:
        complaint_id = await Tracking(runtime).open(signed)
    except (LinkExpired, LinkStopped) as ended:
        return end(request, signed, ended)
    await Tracking(runtime).revoke(complaint_id, actor="customer")
    return RedirectResponse(f"/complain/track/{signed}", 303)


@routes.post("/intake/links/{complaint_id}", dependencies=[allow("links.revoke")])
async def replace(request: Request, runtime: CurrentRuntime, complaint_id: UUID, form: Form) -> Response:
    """Staff stop a customer's links, and send the customer a new one where they say so."""
    await Tracking(runtime).revoke(complaint_id, actor=asker(request).id, send="send" in form)
    response = RedirectResponse(f"/cases/{complaint_id}", 303)
    flash(request, response, _("The customer's link no longer works"))
    return response


@api.post("/{complaint_id}/link/revocation", status_code=204, dependencies=[allow("links.revoke")])
async def revoke_link(
    complaint_id: UUID, request: Request, runtime: CurrentRuntime,
    send: Annotated[bool, Query(description="Email a new link to the customer, if they gave an address.")] = False,
) -> None:  # fmt: skip
    """Stop every link by which the customer follows the complaint."""
    await Tracking(runtime).revoke(complaint_id, actor=asker(request).id, send=send)


def end(request: Request, signed: str, ended: LinkExpired | LinkStopped) -> Response:
    """The page of a link that opens nothing any more, with the way to a new one."""
    return pages.render(request, "link.html", ended.status, why=str(ended), signed=signed, asked=False, errors={})


def _sent(task: BackgroundTask) -> Response:
    return RedirectResponse("/complain/link?asked=true", 303, background=task)
