"""A person's data on a page: what requires it, keeping it longer, and erasing it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel
from starlette.datastructures import FormData

from services.intake.erasure.commands import Erasures
from services.intake.erasure.http import ErasePerson, HoldPerson, LiftHold, check_override
from services.intake.pages import pages
from shared.events.people import PersonErased
from shared.features.action_routes import Refused
from shared.features.forms import Invalid, fields_of, read
from shared.http.requests import Form, allow, asker
from shared.problems import RuleBroken
from shared.security.permissions import may
from shared.service.runtime import CurrentRuntime, Runtime
from shared.web.pages import flash
from shared.web.templating import gettext as _

M = TypeVar("M", bound=BaseModel)
FORMS = {"hold": HoldPerson, "lifting": LiftHold, "erasure": ErasePerson}
NOTHING = Refused(200, "", {})
routes = APIRouter(prefix="/intake/people", include_in_schema=False)


@routes.get("/{person_id}", dependencies=[allow("people.erase")])
async def person(request: Request, runtime: CurrentRuntime, person_id: UUID) -> Response:
    return await show(request, runtime, person_id, NOTHING)


@routes.post("/{person_id}/hold", dependencies=[allow("people.hold")])
async def hold(request: Request, runtime: CurrentRuntime, person_id: UUID, form: Form) -> Response:
    async def do(asked: HoldPerson) -> str:
        await Erasures(runtime).hold(person_id, asked.until, asked.reason, actor=asker(request).id)
        return _("Hold set")

    return await _take(request, runtime, person_id, form, "hold", HoldPerson, do)


@routes.post("/{person_id}/hold/lifting", dependencies=[allow("people.hold")])
async def lift(request: Request, runtime: CurrentRuntime, person_id: UUID, form: Form) -> Response:
    async def do(asked: LiftHold) -> str:
        await Erasures(runtime).lift(person_id, asked.reason, actor=asker(request).id)
        return _("Hold lifted")

    return await _take(request, runtime, person_id, form, "lifting", LiftHold, do)


@routes.post("/{person_id}/erasure", dependencies=[allow("people.erase")])
async def erase(request: Request, runtime: CurrentRuntime, person_id: UUID, form: Form) -> Response:
    """At once, or when nothing requires their data any more."""

    async def do(asked: ErasePerson) -> str:
        check_override(request, asked)
        who, override = asker(request).id, asked.override_hold
        saved = await Erasures(runtime).erase(person_id, asked.reason, actor=who, override=override)
        if saved and isinstance(saved[-1].event, PersonErased):
            return _("Erased. Names and text are gone. Dates and figures remain")
        return _("Erasure requested. It happens automatically once nothing requires their data")

    return await _take(request, runtime, person_id, form, "erasure", ErasePerson, do)


async def _take(
    request: Request, runtime: Runtime, person_id: UUID, form: FormData, name: str, model: type[M],
    do: Callable[[M], Awaitable[str]],
) -> Response:  # fmt: skip
    """Back to the page, which says what was done, or what is to be put right."""
    typed = {field: str(value) for field, value in form.items()}
    try:
        said = await do(read(model, typed))
    except Invalid as invalid:
        return await show(request, runtime, person_id, Refused(422, name, invalid.errors, typed))
    except RuleBroken as broken:
        errors = {broken.field: _(str(broken))}
        return await show(request, runtime, person_id, Refused(broken.status, name, errors, typed))
    response = RedirectResponse(f"/intake/people/{person_id}", 303)
    flash(request, response, said)
    return response


async def show(request: Request, runtime: Runtime, person_id: UUID, refused: Refused) -> Response:
    at, may_hold = await Erasures(runtime).standing(person_id), may(asker(request), "people.hold")
    holds = [] if at.person.erased else at.holds
    return pages.render(
        request, "person.html", refused.status, area="intake", person=at.person, complaints=at.complaints,
        messages=at.messages, others=at.others, destroyed=at.destroyed, holds=holds,
        until=max((one.until for one in holds), default=None), may_hold=may_hold,
        may_override=may_hold and all(one.may_be_overridden for one in holds), refused=refused,
        fields={name: {field.name: field for field in fields_of(model)} for name, model in FORMS.items()},
        today=runtime.clock.now().date(),
    )  # fmt: skip
