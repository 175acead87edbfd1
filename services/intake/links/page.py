"""The customer's link on pages: stopping it, asking for a new one, and the same for staff."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.background import BackgroundTask

from services.intake.links.commands import Tracking
from services.intake.links.state import LinkExpired, LinkStopped
from shared.http.requests import Form, allow, asker
from shared.text import reference_in
from shared.web.pages import Pages, flash
from shared.web.templating import gettext as _


def router(tracking: Tracking, pages: Pages) -> APIRouter:
    """Whoever asks for a link gets the same answer at the same time, whether or not we know them."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/complain/link")
    async def lost(request: Request, asked: Annotated[bool, Query()] = False) -> Response:
        return pages.render(request, "link.html", why="", signed="", asked=asked, given={}, errors={})

    @routes.post("/complain/link")
    async def find(request: Request, form: Form) -> Response:
        """What is no reference or no address is told; whether they belong to anybody is not."""
        reference, email = str(form.get("reference", ""))[:50], str(form.get("email", ""))[:200]
        errors = {}
        if reference_in(reference) is None:
            errors["reference"] = _("Enter the reference: eight letters and digits, like R7K2-M9QX.")
        if not email.isprintable() or not email.strip():
            errors["email"] = _("Enter the email address that you gave us.")
        if errors:
            given = {"reference": reference, "email": email}
            return pages.render(request, "link.html", 422, why="", signed="", asked=False, given=given, errors=errors)
        return _sent(BackgroundTask(tracking.send_by_reference, reference, email))

    @routes.post("/complain/track/{signed}/renewal")
    async def renew(signed: str, form: Form) -> Response:
        return _sent(BackgroundTask(tracking.send_by_link, signed))

    @routes.post("/complain/track/{signed}/revocation")
    async def revoke(request: Request, signed: str, form: Form) -> Response:
        """The customer stops their own links."""
        try:
            complaint_id = await tracking.open(signed)
        except (LinkExpired, LinkStopped) as ended:
            return end(request, pages, signed, ended)
        await tracking.revoke(complaint_id, actor="customer")
        return RedirectResponse(f"/complain/track/{signed}", 303)

    @routes.post("/intake/links/{complaint_id}", dependencies=[allow("links.revoke")])
    async def replace(request: Request, complaint_id: UUID, form: Form) -> Response:
        """Staff stop a customer's links, and send the customer a new one where they say so."""
        await tracking.revoke(complaint_id, actor=asker(request).id)
        if form.get("send"):
            await tracking.send(complaint_id, actor=asker(request).id)
        response = RedirectResponse(f"/cases/{complaint_id}", 303)
        flash(request, response, _("The customer's link opens nothing any more"))
        return response

    return routes


def api(tracking: Tracking) -> APIRouter:
    routes = APIRouter(prefix="/api/v1/complaints", tags=["complaints"])

    @routes.post("/{complaint_id}/link/revocation", status_code=204, dependencies=[allow("links.revoke")])
    async def revoke_link(
        complaint_id: UUID, request: Request,
        send: Annotated[bool, Query(description="Email a new link to the customer, if they gave an address.")] = False,
    ) -> None:  # fmt: skip
        """Stop every link by which the customer follows the complaint."""
        await tracking.revoke(complaint_id, actor=asker(request).id)
        if send:
            await tracking.send(complaint_id, actor=asker(request).id)

    return routes


def end(request: Request, pages: Pages, signed: str, ended: LinkExpired | LinkStopped) -> Response:
    """The page of a link that opens nothing any more, with the way to a new one."""
    return pages.render(request, "link.html", ended.status, why=str(ended), signed=signed, asked=False, errors={})


def _sent(task: BackgroundTask) -> Response:
    return RedirectResponse("/complain/link?asked=true", 303, background=task)
