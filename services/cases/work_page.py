"""The forms of the case page: each does one thing, and what is refused comes back as it was typed."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute
from pydantic import ValidationError

from services.cases.application import Asked, Cases
from services.cases.case import Decision, Subject
from services.cases.case_page import CasePage
from services.cases.http import VIEWS
from services.cases.messages import (
    AddNote,
    AssignAspect,
    ChangePriority,
    ClassifyAspect,
    RaiseAspect,
    ReopenCase,
    ResolveAspect,
)
from services.cases.refusals import (
    AmountIncomplete,
    AmountWithoutMoney,
    MoneyWithoutAmount,
    RootCauseMissing,
    RootCauseUnknown,
)
from shared.http import AtLeast, Form, allow, asker
from shared.problems import RuleBroken
from shared.store import Saved
from shared.text import CANNOT_BE_READ, NotPlain
from shared.web.pages import flash
from shared.web.templating import gettext as _

FIELD_OF: dict[type[RuleBroken], str] = {
    RootCauseMissing: "root_cause", RootCauseUnknown: "root_cause", AmountIncomplete: "currency",
    AmountWithoutMoney: "amount", MoneyWithoutAmount: "amount",
}  # fmt: skip
WHAT_TO_DO = {
    "outcome": "Choose an outcome.", "redress": "Choose what puts it right.", "amount": "Write the amount like 25.00.",
    "currency": "Write a currency in use as its three letters, like GBP.", "product": "Name the product.",
    "issue": "Say what went wrong.", "text": "Write the note first.", "reason": "Say why.",
    "handler": "Write the owner's account.", "priority": "Choose a priority.",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Worked:
    """What was done, in words, and the form that takes it back."""

    saved: list[Saved]
    said: str
    undo: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


Do = Callable[[dict[str, str]], Awaitable[Worked]]


def router(cases: Cases) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    page = CasePage(cases)

    @routes.get("/cases/{case_id}", dependencies=[allow("cases.read")])
    async def show_case(request: Request, case_id: UUID, at_least: AtLeast = None) -> Response:
        await cases.seen(at_least, *VIEWS)
        return await page.show(request, case_id)

    async def work(request: Request, case_id: UUID, form: Form, place: str, do: Do) -> Response:
        """A form about one aspect names its fields `outcome-2`: several stand on one page.

        What is refused is said at the field that it is about, else at the one named `place`.
        """
        given = {name: str(value).replace("\r\n", "\n") for name, value in form.items() if name != "csrf"}
        number = given.get("form", "").partition("-")[2]
        suffix = f"-{number}" if number else ""
        typed = {name.removesuffix(suffix): value for name, value in given.items() if value.strip()}
        try:
            done = await do(typed)
        except ValidationError as invalid:
            errors = {f"{error['loc'][0]}{suffix}": _todo(error) for error in invalid.errors()}
            return await page.show(request, case_id, 422, errors, given)
        except RuleBroken as refused:
            name = FIELD_OF.get(type(refused), place) + suffix
            return await page.show(request, case_id, refused.status, {name: str(refused)}, given)
        await cases.settle(done.saved, *VIEWS)
        response = RedirectResponse(f"/cases/{case_id}", 303)
        if done.saved:
            named = {f"{name}{suffix}": value for name, value in done.fields.items()}
            fields = named | ({"form": given["form"]} if suffix else {})
            flash(request, response, done.said, undo=done.undo, fields=fields)
        return response

    _add_aspect_forms(routes, cases, page, work)
    _add_case_forms(routes, cases, page, work)
    _lead_back(routes)
    return routes


def _lead_back(routes: APIRouter) -> None:
    """Where a form is sent to is no page of its own: whoever opens that address is led to the case."""

    async def lead_back(case_id: UUID) -> Response:
        return RedirectResponse(f"/cases/{case_id}", 303)

    posted = [one.path for one in routes.routes if isinstance(one, APIRoute) and "POST" in (one.methods or ())]
    for path in posted:
        routes.get(path, dependencies=[allow("cases.read")])(lead_back)


def _add_aspect_forms(routes: APIRouter, cases: Cases, page: CasePage, work: Any) -> None:
    at = "/cases/{case_id}/aspects/{aspect_id}"
    allowed = [allow("cases.work")]

    @routes.post("/cases/{case_id}/aspects", dependencies=allowed)
    async def raise_aspect(request: Request, case_id: UUID, form: Form) -> Any:
        async def do(typed: dict[str, str]) -> Worked:
            body = RaiseAspect.model_validate(typed)
            subject = Subject(body.product, body.sub_product, body.issue, body.sub_issue)
            _id, saved = await cases.raise_aspect(case_id, subject, body.summary, _asked(request), typed.get("key"))
            return Worked(saved, _("Aspect added"))

        return await work(request, case_id, form, "product", do)

    @routes.post(f"{at}/classification", dependencies=allowed)
    async def classify(request: Request, case_id: UUID, aspect_id: UUID, form: Form) -> Any:
        async def do(typed: dict[str, str]) -> Worked:
            body = ClassifyAspect.model_validate(typed)
            subject = Subject(body.product, body.sub_product, body.issue, body.sub_issue)
            return Worked(await cases.classify(case_id, aspect_id, subject, _asked(request)), _("Aspect classified"))

        return await work(request, case_id, form, "product", do)

    @routes.post(f"{at}/assignment", dependencies=allowed)
    async def assign(request: Request, case_id: UUID, aspect_id: UUID, form: Form) -> Any:
        async def do(typed: dict[str, str]) -> Worked:
            body = AssignAspect.model_validate({"handler": typed.get("handler")})
            parts = (await page.row(case_id))["parts"]
            before = next((part["owner"] for part in parts if part["id"] == str(aspect_id)), None)
            saved = await cases.assign(case_id, aspect_id, body.handler, _asked(request))
            mine = body.handler == asker(request).id
            said = _("Assigned to you") if mine else _("Assigned") if body.handler else _("Owner taken away")
            return Worked(saved, said, request.url.path, {"handler": before or ""})

        return await work(request, case_id, form, "handler", do)

    @routes.post(f"{at}/resolution", dependencies=allowed)
    async def resolve(request: Request, case_id: UUID, aspect_id: UUID, form: Form) -> Any:
        async def do(typed: dict[str, str]) -> Worked:
            body = ResolveAspect.model_validate(typed | {n: typed[n].upper() for n in ("currency",) if n in typed})
            saved = await cases.resolve(case_id, aspect_id, Decision(**body.model_dump()), _asked(request))
            return Worked(saved, _("Aspect decided"))

        return await work(request, case_id, form, "outcome", do)


def _add_case_forms(routes: APIRouter, cases: Cases, page: CasePage, work: Any) -> None:
    allowed = [allow("cases.work")]

    @routes.post("/cases/{case_id}/notes", dependencies=allowed)
    async def note(request: Request, case_id: UUID, form: Form) -> Any:
        async def do(typed: dict[str, str]) -> Worked:
            body = AddNote.model_validate(typed)
            return Worked(await cases.note(case_id, body.text, _asked(request), typed.get("key")), _("Note added"))

        return await work(request, case_id, form, "text", do)

    @routes.post("/cases/{case_id}/priority", dependencies=allowed)
    async def prioritise(request: Request, case_id: UUID, form: Form) -> Any:
        async def do(typed: dict[str, str]) -> Worked:
            body = ChangePriority.model_validate(typed)
            before = (await page.row(case_id))["priority"]
            saved = await cases.prioritise(case_id, body.priority, body.reason, _asked(request))
            return Worked(saved, _("Priority changed"), request.url.path, {"priority": before})

        return await work(request, case_id, form, "priority", do)

    @routes.post("/cases/{case_id}/closing", dependencies=allowed)
    async def close(request: Request, case_id: UUID, form: Form) -> Any:
        async def do(_typed: dict[str, str]) -> Worked:
            undo, fields = f"/cases/{case_id}/reopening", {"reason": _("Closed by mistake")}
            return Worked(await cases.close(case_id, _asked(request)), _("Case closed"), undo, fields)

        return await work(request, case_id, form, "closing", do)

    @routes.post("/cases/{case_id}/reopening", dependencies=allowed)
    async def reopen(request: Request, case_id: UUID, form: Form) -> Any:
        async def do(typed: dict[str, str]) -> Worked:
            body = ReopenCase.model_validate(typed)
            saved = await cases.reopen(case_id, body.reason, _asked(request))
            return Worked(saved, _("Case reopened"))

        return await work(request, case_id, form, "reason", do)


def _asked(request: Request) -> Asked:
    return Asked(asker(request).id)


def _todo(error: Any) -> str:
    if error["type"] == "string_too_long":
        return _("Use at most {limit} characters.").format(limit=error["ctx"]["max_length"])
    if isinstance(error.get("ctx", {}).get("error"), NotPlain):
        return _(CANNOT_BE_READ)
    return _(WHAT_TO_DO.get(str(error["loc"][0]), CANNOT_BE_READ))
