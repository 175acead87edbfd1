"""The JSON API of cases: lists, one case with all that happened in it, and the work on it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response

from services.cases.case.commands import Asked, Cases
from services.cases.case.state import Decision, Subject
from services.cases.case_page import aspects, timeline
from services.cases.case_page.aspects import aspect_list
from services.cases.case_page.messages import (
    AddNote,
    AssignAspect,
    CaseDetail,
    ChangePriority,
    ClassifyAspect,
    Position,
    RaiseAspect,
    Raised,
    ReopenCase,
    ResolveAspect,
)
from services.cases.case_page.timeline import timeline as timeline_view
from services.cases.caseload.listing import CASES, case_with_details
from services.cases.caseload.view import caseload
from shared.eventstore.store import Saved
from shared.features.listing import add_api
from shared.http.requests import AtLeast, allow, asker
from shared.problems import NotFound, Unprocessable

VIEWS = (caseload, timeline_view, aspect_list)
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)]


async def asked_work(
    request: Request,
    if_match: Annotated[str | None, Header(max_length=40, description="The ETag of the case as you saw it.")] = None,
) -> Asked:
    """Who works, and on which version; without If-Match the rules alone protect the case."""
    version = None
    if if_match not in (None, "*"):
        digits = str(if_match).strip('"')
        if not (digits.isascii() and digits.isdigit()):
            raise Unprocessable('If-Match is the ETag that the case was answered with, for example "7".')
        version = int(digits)
    return Asked(asker(request).id, version)


Work = Annotated[Asked, Depends(asked_work)]


def router(cases: Cases) -> APIRouter:
    """Lists and single cases."""
    routes = APIRouter(prefix="/api/v1/cases", tags=["cases"])
    runtime = cases.runtime
    add_api(routes, CASES, "", "Cases by saved view, filter and search; a sort with a minus is turned round.")

    @routes.get("/{case_id}", dependencies=[allow("cases.read")], response_model=CaseDetail)
    async def get_case(case_id: UUID, response: Response, at_least: AtLeast = None) -> dict[str, Any]:
        """One case with its aspects and its timeline. The ETag is the version that If-Match takes."""
        await cases.seen(at_least, *VIEWS)
        async with runtime.pool.connection() as conn:
            row = await case_with_details(conn, case_id)
            if row is None:
                raise NotFound("There is no case with this id.")
            found = {"aspects": await aspects.of_case(conn, case_id), "timeline": await timeline.of_case(conn, case_id)}
        response.headers["ETag"] = f'"{row["version"]}"'
        return row | found

    _add_aspect_routes(routes, cases)
    _add_case_routes(routes, cases)
    return routes


def _add_aspect_routes(routes: APIRouter, cases: Cases) -> None:
    at = "/{case_id}/aspects/{aspect_id}"

    @routes.post("/{case_id}/aspects", status_code=201, dependencies=[allow("cases.work")])
    async def raise_aspect(case_id: UUID, body: RaiseAspect, work: Work, idempotency_key: Key = None) -> Raised:
        """Add a grievance to the case; the same Idempotency-Key adds it once."""
        subject = Subject(body.product, body.sub_product, body.issue, body.sub_issue)
        id_, saved = await cases.raise_aspect(case_id, subject, body.summary, work, idempotency_key)
        return Raised(id=id_, position=await cases.position(saved))

    @routes.post(f"{at}/classification", dependencies=[allow("cases.work")])
    async def classify_aspect(case_id: UUID, aspect_id: UUID, body: ClassifyAspect, work: Work) -> Position:
        """Say what the aspect is about; saying the same again changes nothing."""
        subject = Subject(body.product, body.sub_product, body.issue, body.sub_issue)
        return await _answer(cases, await cases.classify(case_id, aspect_id, subject, work))

    @routes.post(f"{at}/assignment", dependencies=[allow("cases.work")])
    async def assign_aspect(case_id: UUID, aspect_id: UUID, body: AssignAspect, work: Work) -> Position:
        """Give the aspect an owner, or none with null; the same again changes nothing."""
        return await _answer(cases, await cases.assign(case_id, aspect_id, body.handler, work))

    @routes.post(f"{at}/resolution", dependencies=[allow("cases.work")])
    async def resolve_aspect(case_id: UUID, aspect_id: UUID, body: ResolveAspect, work: Work) -> Position:
        """Decide the aspect: once, and once more each time the case is reopened."""
        return await _answer(cases, await cases.resolve(case_id, aspect_id, Decision(**body.model_dump()), work))


def _add_case_routes(routes: APIRouter, cases: Cases) -> None:
    @routes.post("/{case_id}/notes", status_code=201, dependencies=[allow("cases.work")])
    async def add_note(case_id: UUID, body: AddNote, work: Work, idempotency_key: Key = None) -> Position:
        """Write something down for colleagues; the same Idempotency-Key adds it once."""
        return await _answer(cases, await cases.note(case_id, body.text, work, idempotency_key))

    @routes.post("/{case_id}/priority", dependencies=[allow("cases.work")])
    async def change_priority(case_id: UUID, body: ChangePriority, work: Work) -> Position:
        """Work the case sooner or later; the same again changes nothing."""
        return await _answer(cases, await cases.prioritise(case_id, body.priority, body.reason, work))

    @routes.post("/{case_id}/closing", dependencies=[allow("cases.work")])
    async def close_case(case_id: UUID, work: Work) -> Position:
        """Close the case; refused while an aspect is to be decided, also anew, with the names of those."""
        return await _answer(cases, await cases.close(case_id, work))

    @routes.post("/{case_id}/reopening", dependencies=[allow("cases.work")])
    async def reopen_case(case_id: UUID, body: ReopenCase, work: Work) -> Position:
        """Open a closed case again; what was decided stands until it is decided anew."""
        return await _answer(cases, await cases.reopen(case_id, body.reason, work))


async def _answer(cases: Cases, saved: list[Saved]) -> Position:
    return Position(position=await cases.position(saved))
