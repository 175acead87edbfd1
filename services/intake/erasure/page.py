"""A person's data on a page: what requires it, keeping it longer, and erasing it."""

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ValidationError

from services.intake.erasure.commands import Erasures
from services.intake.erasure.http import ErasePerson, HoldPerson, LiftHold
from services.intake.person.state import HoldIsPast
from shared.events.people import PersonErased
from shared.http.requests import Form, allow, asker
from shared.problems import NotAllowed
from shared.security.permissions import may
from shared.text import CANNOT_BE_READ, NotPlain
from shared.web.pages import Pages, flash
from shared.web.templating import gettext as _

M = TypeVar("M", bound=BaseModel)
HOLD = {"hold_reason": "reason", "until": "until"}
LIFT = {"lift_reason": "reason"}
ERASE = {"reason": "reason", "override_hold": "override_hold"}
"""What stands in a form, and what the API calls it: one page has three reasons."""


class NotFilledIn(ValueError):
    """`errors` by the field's name in the form."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(errors)
        self.errors = errors


def read(model: type[M], form: Mapping[str, Any], names: Mapping[str, str]) -> M:
    """What the API would have been sent; raises `NotFilledIn`."""
    given = {field: text for name, field in names.items() if (text := str(form.get(name, "")).strip())}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        bad = {wrong["loc"][0]: wrong.get("ctx", {}).get("error") for wrong in error.errors()}
        raise NotFilledIn({name: _wanted(field, bad[field]) for name, field in names.items() if field in bad}) from None


def _wanted(field: str, error: object = None) -> str:
    if isinstance(error, NotPlain):
        return _(CANNOT_BE_READ)
    return _("Enter a date after today") if field == "until" else _("Enter a reason of 200 characters or fewer")


def router(erasures: Erasures, pages: Pages) -> APIRouter:
    routes = APIRouter(prefix="/intake/people", include_in_schema=False)

    async def show(request: Request, person_id: UUID, errors: dict[str, str], given: Mapping[str, Any]) -> Response:
        at, may_hold = await erasures.standing(person_id), may(asker(request), "people.hold")
        holds = [] if at.person.erased else at.holds
        return pages.render(
            request, "person.html", 422 if errors else 200, area="intake", person=at.person, complaints=at.complaints,
            messages=at.messages, others=at.others, destroyed=at.destroyed,
            holds=holds, until=max((one.until for one in holds), default=None),
            may_hold=may_hold, may_override=may_hold and all(one.may_be_overridden for one in holds),
            errors=errors, given=given, today=erasures.runtime.clock.now().date(),
        )  # fmt: skip

    def back(request: Request, person_id: UUID, said: str) -> Response:
        response = RedirectResponse(f"/intake/people/{person_id}", 303)
        flash(request, response, said)
        return response

    @routes.get("/{person_id}", dependencies=[allow("people.erase")])
    async def person(request: Request, person_id: UUID) -> Response:
        return await show(request, person_id, {}, {})

    @routes.post("/{person_id}/hold", dependencies=[allow("people.hold")])
    async def hold(request: Request, person_id: UUID, form: Form) -> Response:
        try:
            asked = read(HoldPerson, form, HOLD)
            await erasures.hold(person_id, asked.until, asked.reason, actor=asker(request).id)
        except NotFilledIn as wrong:
            return await show(request, person_id, wrong.errors, form)
        except HoldIsPast:
            return await show(request, person_id, {"until": _wanted("until")}, form)
        return back(request, person_id, _("Hold set"))

    @routes.post("/{person_id}/hold/lifting", dependencies=[allow("people.hold")])
    async def lift(request: Request, person_id: UUID, form: Form) -> Response:
        try:
            asked = read(LiftHold, form, LIFT)
        except NotFilledIn as wrong:
            return await show(request, person_id, wrong.errors, form)
        await erasures.lift(person_id, asked.reason, actor=asker(request).id)
        return back(request, person_id, _("Hold lifted"))

    @routes.post("/{person_id}/erasure", dependencies=[allow("people.erase")])
    async def erase(request: Request, person_id: UUID, form: Form) -> Response:
        """At once, or when nothing requires their data any more."""
        try:
            asked = read(ErasePerson, form, ERASE)
        except NotFilledIn as wrong:
            return await show(request, person_id, wrong.errors, form)
        who = asker(request)
        if asked.override_hold is not None and not may(who, "people.hold"):
            raise NotAllowed
        saved = await erasures.erase(person_id, asked.reason, actor=who.id, override=asked.override_hold)
        if saved and isinstance(saved[-1].event, PersonErased):
            return back(request, person_id, _("Erased. Names and text are gone. Dates and figures remain"))
        return back(
            request, person_id, _("Erasure requested. It happens automatically once nothing requires their data")
        )

    return routes
