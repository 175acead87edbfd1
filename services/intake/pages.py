"""What people see of intake: the complaint form, following it, the ledger, and the embedded mailbox."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import AfterValidator

from services.intake import ledger_page, link_pages
from services.intake.application import Intake, KeyUsedForAnotherRequest
from services.intake.complaint import Contact, Grievance, reference_of
from services.intake.form import CHANNELS, EARLIEST, FIRST, LAST, OURS, PREFERRED, PRODUCTS, STEPS, check, received_at
from services.intake.links import LinkExpired, LinkStopped, sign
from services.intake.tracking import Tracking
from services.intake.views.complaints import complaint_list
from services.intake.views.ledger import ledger
from services.intake.views.outbox import outbox
from shared.http import AtLeast, Posted, allow, asker, is_from_us
from shared.identity import may
from shared.live import live_updates
from shared.problems import NotFound, NotSignedIn
from shared.text import printable
from shared.web.pages import Pages, flash
from shared.web.templating import gettext as _

pages = Pages(Path(__file__).parent / "templates")


def router(intake: Intake) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    runtime = intake.runtime
    tracking = Tracking(runtime)
    routes.include_router(link_pages.router(tracking, pages))

    @routes.get("/")
    async def home(request: Request) -> Response:
        return RedirectResponse("/complain" if asker(request).role == "anonymous" else "/cases", 303)

    @routes.get("/complain")
    async def start(request: Request) -> Response:
        given = {"key": secrets.token_urlsafe(16)} | (dict.fromkeys(OURS, "") if _records(request) else {})
        return _question(request, FIRST, given, {})

    @routes.post("/complain")
    async def answer(request: Request, form: Posted) -> Response:
        """One question a page: what was answered travels along in hidden fields, so nothing is kept of strangers.

        Who has lost the cookie that the page came with gets it again with all their words, and a new cookie.
        """
        given = {name: str(value) for name, value in form.items() if name not in ("csrf", "step", "go", *OURS)}
        if _records(request):
            given |= {name: str(form.get(name, "")) for name in OURS}
        if not is_from_us(request, form):
            if "channel" in form and not _records(request):  # of ours, and signed out meanwhile
                raise NotSignedIn
            return _question(request, str(form.get("step", "")), given, {}, again=True)
        step, errors = check(str(form.get("step", "")), str(form.get("go", "next")), given)
        if step is not None:
            return _question(request, step, given, errors)
        try:
            accepted = await intake.receive(
                next((channel for channel in CHANNELS if channel == given.get("channel")), "web"), "form", given["key"],
                Grievance(
                    given["narrative"], given.get("wanted") or None, given.get("organisation") or None,
                    given.get("product") or None,
                ),
                Contact(
                    given.get("name") or None, given.get("email") or None, given.get("phone") or None,
                    next((way for way in PREFERRED if way == given.get("preferred")), PREFERRED[0]),
                    given.get("needs") or None,
                ),
                actor=asker(request).id if "channel" in given else "customer", received_at=received_at(given),
            )  # fmt: skip
        except KeyUsedForAnotherRequest as used:
            return _sent_before(request, used.complaint_id, sign(runtime.signer, used.complaint_id), given)
        if "channel" in given:
            response = RedirectResponse(f"/cases?q={accepted.reference}", 303)
            said = _("Complaint {reference} is recorded. Its case appears here")
            flash(request, response, said.format(reference=accepted.reference))
            return response
        signed = sign(runtime.signer, accepted.complaint_id)
        wait = f"?at_least={accepted.position}" if accepted.position else ""
        return RedirectResponse(f"/complain/track/{signed}{wait}", 303)

    @routes.get("/complain/track/{signed}")
    async def track(request: Request, signed: str, at_least: AtLeast = None) -> Response:
        """Where a complaint stands, for whoever holds its link."""
        try:
            complaint_id = await tracking.open(signed)
        except (LinkExpired, LinkStopped) as ended:
            return link_pages.end(request, pages, signed, ended)
        await runtime.positions.wait(complaint_list, at_least)
        async with runtime.pool.connection() as conn:
            found = await conn.execute(
                "select reference, status, received_at, changed_at, narrative from complaints where complaint_id = %s",
                [complaint_id],
            )
            row = await found.fetchone()
        if row is None or row[0] is None:
            raise NotFound("We have no complaint under this link.")
        return pages.render(request, "track.html", complaint=row, fresh=at_least is not None, signed=signed)

    @routes.get("/intake", dependencies=[allow("complaints.read")])
    async def show_ledger(
        request: Request,
        outcome: Annotated[str, Query(max_length=20), AfterValidator(printable)] = "",
        source: Annotated[str, Query(max_length=300), AfterValidator(printable)] = "",
        after: Annotated[str | None, Query(max_length=500)] = None,
    ) -> Response:
        async with runtime.pool.connection() as conn:
            context = await ledger_page.read(conn, outcome, source, after)
        return pages.render(request, "ledger.html", area="intake", live="/intake/live", outcome=outcome, **context)

    @routes.get("/intake/live", dependencies=[allow("complaints.read")])
    async def live(request: Request) -> Response:
        return live_updates(request, runtime, ledger)

    if runtime.settings.embedded:

        @routes.get("/mailbox", dependencies=[allow("mailbox.read")])
        async def mailbox(request: Request) -> Response:
            async with runtime.pool.connection() as conn:
                found = await conn.execute(
                    "select mail_id, recipient, subject, body, arrived_at from mailbox"
                    " order by arrived_at desc limit 100"
                )
                mails = await found.fetchall()
            return pages.render(request, "mailbox.html", area="intake", live="/mailbox/live", mails=mails)

        @routes.get("/mailbox/live", dependencies=[allow("mailbox.read")])
        async def mailbox_live(request: Request) -> Response:
            return live_updates(request, runtime, outbox)

    return routes


def _records(request: Request) -> bool:
    """Whether somebody of ours fills in the form for a customer: it then asks how the complaint came."""
    return may(asker(request), "complaints.make")


def _question(
    request: Request, step: str, given: Mapping[str, str], errors: Mapping[str, str], *, again: bool = False
) -> Response:
    return pages.render(
        request, "complain.html", 403 if again else 422 if errors else 200, again=again,
        step=step if step in STEPS else FIRST, steps=STEPS, products=PRODUCTS,
        channels=CHANNELS, preferred=PREFERRED, given=given, errors=errors, days=(EARLIEST, datetime.now(UTC).date()),
    )  # fmt: skip


def _sent_before(request: Request, complaint_id: UUID, signed: str, given: Mapping[str, str]) -> Response:
    """To whoever holds the form's key: what was changed since goes no further, unless as a complaint of its own."""
    anew = {**given, "key": secrets.token_urlsafe(16), "step": LAST, "go": LAST}
    return pages.render(
        request, "sent.html", KeyUsedForAnotherRequest.status, reference=reference_of(complaint_id), signed=signed,
        ours="channel" in given, anew=anew,
    )  # fmt: skip
