"""The page of a customer's link: the questions, and thanks. A link opens one response and nothing else."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from fastapi.responses import Response as Answer

from services.surveys.pages import pages
from services.surveys.questionnaire.definition import Questionnaire, load_questionnaires
from services.surveys.response import state
from services.surveys.response.state import (
    AnswersNotAccepted,
    Response,
    SurveyAlreadyAnswered,
    SurveyExpired,
    SurveyStopped,
)
from shared.events import Provenance
from shared.http.requests import Form
from shared.problems import NotFound, PersonWasErased
from shared.service.runtime import CurrentRuntime, Runtime

ENDED = (SurveyExpired, SurveyStopped, PersonWasErased)
routes = APIRouter(include_in_schema=False)


@routes.get("/surveys/answer/{signed}")
async def questions(request: Request, runtime: CurrentRuntime, signed: str) -> Answer:
    """The questions, or why there is nothing to answer any more."""
    return await _show(request, runtime, signed)


@routes.post("/surveys/answer/{signed}")
async def answer(request: Request, runtime: CurrentRuntime, signed: str, form: Form) -> Answer:
    """Record and thank; what cannot be taken comes back as it was filled in."""
    found, asked = await _find(runtime, signed)
    given = {name: str(value) for name, value in form.items() if name != "csrf"}
    by = Provenance("customer", runtime.clock.now())
    try:
        await _ensure_known(runtime, found)
        await runtime.commits.decide(found.id, state.evolve, lambda now: state.answer(now, asked, given, by))
    except AnswersNotAccepted as refused:
        return await _show(request, runtime, signed, given, refused.errors)
    except SurveyAlreadyAnswered:
        return await _show(request, runtime, signed)
    except ENDED:
        return pages.render(request, "ended.html", 410)
    return RedirectResponse(f"/surveys/answer/{signed}/thanks", 303)


@routes.get("/surveys/answer/{signed}/thanks")
async def thanks(request: Request, runtime: CurrentRuntime, signed: str) -> Answer:
    """For answers that we have; the questions again, where we have none."""
    found, asked = await _find(runtime, signed)
    if found.answered_at is None:
        return RedirectResponse(f"/surveys/answer/{signed}", 303)
    return pages.render(request, "thanks.html", asked=asked)


async def _show(
    request: Request, runtime: Runtime, signed: str, given: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Answer:  # fmt: skip
    found, asked = await _find(runtime, signed)
    try:
        state.ensure_open(found, runtime.clock.now())
        await _ensure_known(runtime, found)
    except SurveyAlreadyAnswered:
        return pages.render(request, "answered.html", response=found)
    except ENDED:
        return pages.render(request, "ended.html", 410)
    return pages.render(
        request, "answer.html", 422 if errors else 200, asked=asked, response=found, given=given or {},
        errors=errors or {},
    )  # fmt: skip


async def _find(runtime: Runtime, signed: str) -> tuple[Response, Questionnaire]:
    """The response that a link of ours opens, as its events say now, and what it asks."""
    try:
        response_id = UUID(str(runtime.signer.read("survey", signed)))
    except ValueError:
        raise NotFound("This link is not complete. Copy all of it from our message, then try again.") from None
    found = await asyncio.to_thread(runtime.store.load, response_id, state.evolve)
    asked = load_questionnaires().get(found.questionnaire) if found else None
    if found is None or asked is None:
        raise NotFound("We cannot find this survey. Nothing that you sent was lost.")
    return found, asked


async def _ensure_known(runtime: Runtime, found: Response) -> None:
    if await runtime.keys.fetch({found.person_id}):
        raise PersonWasErased
