"""The complaint form: one question a page, for customers and for staff who record what they were told."""

import secrets
from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from services.intake.complaint.commands import KeyUsedForAnotherRequest, accept
from services.intake.complaint.links import sign
from services.intake.complaint.receiving import Grievance, reference_of
from services.intake.form.questions import (
    EARLIEST,
    FIRST,
    LAST,
    OURS,
    PRODUCTS,
    STEPS,
    check,
    preferred,
    received_at,
    recorded,
)
from services.intake.pages import pages
from services.intake.person.state import Contact
from shared.http.requests import Posted, asker, is_from_us
from shared.problems import NotSignedIn
from shared.security.permissions import may
from shared.service.runtime import CurrentRuntime, Runtime
from shared.web.pages import flash
from shared.web.templating import gettext as _

routes = APIRouter(include_in_schema=False)


@routes.get("/")
async def home(request: Request) -> Response:
    return RedirectResponse("/complain" if asker(request).role == "anonymous" else "/cases", 303)


@routes.get("/complain")
async def start(request: Request, runtime: CurrentRuntime) -> Response:
    given = {"key": secrets.token_urlsafe(16)} | (dict.fromkeys(OURS, "") if _records(request) else {})
    return _question(request, runtime, FIRST, given, {})


@routes.post("/complain")
async def answer(request: Request, runtime: CurrentRuntime, form: Posted) -> Response:
    """One question a page: what was answered travels along in hidden fields, so nothing is kept of strangers.

    Who has lost the cookie that the page came with gets it again with all their words, and a new cookie.
    """
    given = {name: str(value) for name, value in form.items() if name not in ("csrf", "step", "go", *OURS)}
    if _records(request):
        given |= {name: str(form.get(name, "")) for name in OURS}
    if not is_from_us(request, form):
        if "channel" in form and not _records(request):  # of ours, and signed out meanwhile
            raise NotSignedIn
        return _question(request, runtime, str(form.get("step", "")), given, {}, again=True)
    step, errors = check(str(form.get("step", "")), str(form.get("go", "next")), given)
    if step is not None:
        return _question(request, runtime, step, given, errors)
    told: defaultdict[str, str | None] = defaultdict(lambda: None, {name: text for name, text in given.items() if text})
    try:
        accepted = await accept(
            runtime, given.get("channel") or "web", "form", given["key"],
            Grievance(told["narrative"], told["wanted"], told["organisation"], told["product"]),
            Contact(told["name"], told["email"], told["phone"], told["preferred"] or "email", told["needs"]),
            actor=asker(request).id if "channel" in given else "customer",
            received_at=received_at(given),
        )  # fmt: skip
    except KeyUsedForAnotherRequest as used:
        return _sent_before(request, used.complaint_id, sign(runtime.signer, used.complaint_id), given)
    if "channel" in given:
        response = RedirectResponse(f"/cases?q={accepted.reference}", 303)
        said = _("Complaint %(reference)s recorded")
        flash(request, response, said % {"reference": accepted.reference})
        return response
    signed = sign(runtime.signer, accepted.complaint_id)
    wait = f"?at_least={accepted.position}" if accepted.position else ""
    return RedirectResponse(f"/complain/track/{signed}{wait}", 303)


def _records(request: Request) -> bool:
    """True if staff fill in the form for a customer: it then asks for the channel."""
    return may(asker(request), "complaints.make")


def _question(
    request: Request, runtime: Runtime, step: str, given: Mapping[str, str], errors: Mapping[str, str],
    *, again: bool = False,
) -> Response:  # fmt: skip
    return pages.render(
        request, "complain.html", 403 if again else 422 if errors else 200, again=again, given=given, errors=errors,
        step=step if step in STEPS else FIRST, steps=STEPS, products=PRODUCTS().products, channels=recorded(),
        preferred=preferred(), days=(EARLIEST, runtime.clock.now().date()),
    )  # fmt: skip


def _sent_before(request: Request, complaint_id: UUID, signed: str, given: Mapping[str, str]) -> Response:
    """To whoever holds the form's key: what was changed since goes no further, unless as a complaint of its own."""
    anew = {**given, "key": secrets.token_urlsafe(16), "step": LAST, "go": LAST}
    return pages.render(
        request, "sent.html", KeyUsedForAnotherRequest.status, reference=reference_of(complaint_id), signed=signed,
        ours="channel" in given, anew=anew,
    )  # fmt: skip
