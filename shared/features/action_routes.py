"""The routes of declared actions: JSON for programs, forms for people."""

import hashlib
import inspect
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import Parameter, Signature
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel

from shared.features.action import Action, Actions
from shared.features.decider import Asked, ChangedMeanwhile, Done
from shared.features.forms import Invalid, read
from shared.http.requests import Form, allow, asker
from shared.problems import RuleBroken, Unprocessable
from shared.service.runtime import running
from shared.web.pages import flash
from shared.web.templating import gettext as _

IfMatch = Annotated[str | None, Header(max_length=40, description="The ETag that you were answered with.")]
Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", min_length=1, max_length=255, description="Sent again: the first answer again."),
]


async def _nothing() -> None: ...


NoBody = Annotated[None, Depends(_nothing)]


@dataclass(frozen=True, slots=True)
class Refused:
    """A form that was not taken: its name, what was typed, errors by field, and the version that its page showed."""

    status: int
    form: str
    errors: Mapping[str, str]
    given: Mapping[str, str] = field(default_factory=dict)
    since: int | None = None

    def typed(self, form: str) -> Mapping[str, str] | None:
        """The values typed into that form, None if another form was sent."""
        return self.given if form == self.form else None

    def errors_of(self, form: str) -> Mapping[str, str]:
        return self.errors if form == self.form else {}

    @property
    def summary(self) -> dict[str, str]:
        """The errors by the id that their field has on the page; what is about the whole form leads to it."""
        return {f"{self.form}-{name}" if name else self.form: text for name, text in self.errors.items()}


NOTHING = Refused(200, "", {})
"""A page as it is."""
Show = Callable[[Request, UUID, Refused], Awaitable[Response]]


def api_routes(actions: Actions[Any], tag: str) -> APIRouter:
    """`POST /api/v1` and the action's path, for each declared action."""
    routes = APIRouter(prefix=actions.api, tags=[tag])
    for action in actions.all.values():
        routes.add_api_route(
            action.path, _api_endpoint(actions, action), methods=[action.method],
            status_code=(201 if action.additive else 200) if action.answer else 204, name=action.decision.__name__,
            dependencies=[allow(action.may)], response_model=action.answer, description=inspect.getdoc(action.decision),
            responses={202: {"model": action.answer}} if action.later else None,
        )  # fmt: skip
    return routes


def form_routes(actions: Actions[Any], show: Show, read_permission: str) -> APIRouter:
    """The same under the page's own address; `show` renders the page again with what was refused."""
    routes = APIRouter(prefix=actions.at, include_in_schema=False)
    for action in actions.all.values():
        routes.post(action.path, dependencies=[allow(action.may)])(_form_endpoint(actions, action, show))
        routes.get(action.path, dependencies=[allow(read_permission)])(_way_back(actions, action))
    return routes


def _api_endpoint(actions: Actions[Any], action: Action[Any]) -> Callable[..., Awaitable[Done[Any] | None]]:
    async def endpoint(
        request: Request, response: Response, ids: _ids(actions, action),  # type: ignore[valid-type]
        body: action.model or NoBody,  # type: ignore[valid-type]
        if_match: IfMatch = None, idempotency_key: Key = None,
    ) -> Done[Any] | None:  # fmt: skip
        action.guard(asker(request), body)
        asked = Asked(asker(request).id, _version(if_match), idempotency_key)
        done = await actions.perform(running(request), action, ids, body, asked)
        if action.later and action.later(done.state):
            response.status_code = 202
        return done if action.answer else None

    return endpoint


def _form_endpoint(actions: Actions[Any], action: Action[Any], show: Show) -> Callable[..., Awaitable[Response]]:
    async def endpoint(request: Request, ids: _ids(actions, action), form: Form) -> Response:  # type: ignore[valid-type]
        typed = {name: str(value) for name, value in form.items() if name != "csrf"}
        name, version = typed.get("form_name", action.name), typed.get("version", "")
        since = int(version) if re.fullmatch(r"[0-9]{1,9}", version) else None
        asked = Asked(asker(request).id, None if action.additive else since, _form_key(typed))
        try:
            body = read(action.model, typed) if action.model else None
            action.guard(asker(request), body)
            done = await actions.perform(running(request), action, ids, body, asked)
        except Invalid as invalid:
            return await show(request, ids[0], Refused(422, name, invalid.errors, typed))
        except ChangedMeanwhile:
            errors = {"": _("This has changed since you opened it. Check what is new, then send it again.")}
            return await show(request, ids[0], Refused(409, name, errors, typed, since))
        except RuleBroken as broken:
            return await show(request, ids[0], Refused(broken.status, name, {broken.field: _(str(broken))}, typed))
        await running(request).positions.settle(done.saved, actions.views)
        back = actions.back(ids[0], typed.get("back", ""))
        response = RedirectResponse(back, 303)
        if done.saved:
            _notice(request, response, actions, action, ids, done, body, back)
        return response

    return endpoint


def _notice(
    request: Request, response: Response, actions: Actions[Any], action: Action[Any], ids: Sequence[UUID],
    done: Done[Any], body: BaseModel | None, back: str,
) -> None:  # fmt: skip
    """Says what was done, with the form that takes it back: of the version that it made, so nobody is overwritten."""
    undo = action.undo(done.before, *ids[1:]) if action.undo and done.before is not None else None
    said = _(action.sentence(done.state, body, asker(request).id))
    if undo is None:
        flash(request, response, said)
        return
    fields = {"version": str(done.state.version), "key": secrets.token_urlsafe(12), "back": back, **undo.fields}
    flash(request, response, said, undo=actions.address(ids[0], undo.path), fields=fields)


def _way_back(actions: Actions[Any], action: Action[Any]) -> Callable[..., Awaitable[Response]]:
    """Redirect the address of a form to its page."""

    async def endpoint(ids: _ids(actions, action)) -> Response:  # type: ignore[valid-type]
        return RedirectResponse(actions.back(ids[0]), 303)

    return endpoint


def _ids(actions: Actions[Any], action: Action[Any]) -> Any:
    """A parameter of an endpoint: the ids in the path of the action, the aggregate's first."""

    async def read(**ids: UUID) -> list[UUID]:
        return [*ids.values()]

    names = re.findall(r"\{(\w+)\}", actions.at + action.path)
    read.__signature__ = Signature(  # type: ignore[attr-defined]
        [Parameter(name, Parameter.KEYWORD_ONLY, annotation=UUID) for name in names]
    )
    return Annotated[list[UUID], Depends(read)]


def _form_key(typed: Mapping[str, str]) -> str | None:
    """The form's key with what was typed: a form that is changed and sent again is a new request."""
    said = "\n".join(f"{name}={value}" for name, value in sorted(typed.items()) if name != "version")
    return hashlib.sha256(said.encode()).hexdigest() if typed.get("key") else None


def _version(if_match: str | None) -> int | None:
    if if_match in (None, "*"):
        return None
    digits = str(if_match).strip('"')
    if not (digits.isascii() and digits.isdigit()):
        raise Unprocessable('If-Match is the ETag that you were answered with, for example "7".')
    return int(digits)
