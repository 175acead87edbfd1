"""A person's data on a page: what requires it, keeping it longer, and erasing it."""

import secrets
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.intake.erasure.actions import people
from services.intake.erasure.view import erasures
from services.intake.pages import pages
from shared.features.action_routes import Refused
from shared.http.requests import allow, asker
from shared.security.permissions import may
from shared.service.runtime import running

routes = APIRouter(include_in_schema=False)
people.views = (erasures,)


@routes.get("/intake/people/{person_id}", dependencies=[allow("people.erase")])
async def person(request: Request, person_id: UUID) -> Response:
    return await show(request, person_id, Refused(200, "", {}))


async def show(request: Request, person_id: UUID, refused: Refused) -> Response:
    runtime = running(request)
    at, may_hold = await people.decider.load(runtime, person_id), may(asker(request), "people.hold")
    return pages.render(
        request, "person.html", refused.status, area="intake", at=at, may_hold=may_hold,
        may_override=may_hold and all(one.may_be_overridden for one in at.holds), actions=people, refused=refused,
        new_key=secrets.token_urlsafe,
        today=runtime.clock.now().date(),
    )  # fmt: skip
