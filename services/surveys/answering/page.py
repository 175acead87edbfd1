"""The page of a customer's link: the questions, and thanks."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from services.surveys.answering.commands import answer as record
from services.surveys.answering.commands import ensure_known, find, read_link
from services.surveys.pages import pages
from services.surveys.response.state import (
    AnswersNotAccepted,
    SurveyAlreadyAnswered,
    SurveyExpired,
    SurveyStopped,
    ensure_open,
)
from shared.http.requests import Form
from shared.problems import PersonWasErased
from shared.service.runtime import CurrentRuntime, Runtime

routes = APIRouter(include_in_schema=False)


@routes.get("/surveys/answer/{signed}")
async def questions(request: Request, runtime: CurrentRuntime, signed: str) -> Response:
    """The questions, or why there is nothing to answer any more."""
    return await _form(request, runtime, signed, {}, {})


@routes.post("/surveys/answer/{signed}")
async def answer(request: Request, runtime: CurrentRuntime, signed: str, form: Form) -> Response:
    """Record and thank; what cannot be taken comes back as it was filled in."""
    response_id = read_link(runtime, signed)
    given = {name: str(value) for name, value in form.items() if name != "csrf"}
    try:
        await record(runtime, response_id, given)
    except AnswersNotAccepted as refused:
        return await _form(request, runtime, signed, given, refused.errors)
    except SurveyAlreadyAnswered:
        return await _form(request, runtime, signed, {}, {})
    except (SurveyExpired, SurveyStopped, PersonWasErased):
        return pages.render(request, "ended.html", status=410)
    return RedirectResponse(f"/surveys/answer/{signed}/thanks", 303)


@routes.get("/surveys/answer/{signed}/thanks")
async def thanks(request: Request, runtime: CurrentRuntime, signed: str) -> Response:
    """For answers that we have; the questions again, where we have none."""
    response, asked = await find(runtime, read_link(runtime, signed))
    if response.answered_at is None:
        return RedirectResponse(f"/surveys/answer/{signed}", 303)
    return pages.render(request, "thanks.html", asked=asked)


async def _form(
    request: Request, runtime: Runtime, signed: str, given: dict[str, str], errors: dict[str, str]
) -> Response:
    response, asked = await find(runtime, read_link(runtime, signed))
    try:
        ensure_open(response, runtime.clock.now())
        await ensure_known(runtime, response)
    except SurveyAlreadyAnswered:
        return pages.render(request, "answered.html", response=response)
    except (SurveyExpired, SurveyStopped, PersonWasErased):
        return pages.render(request, "ended.html", status=410)
    return pages.render(
        request, "answer.html", status=422 if errors else 200, asked=asked, response=response, given=given,
        errors=errors,
    )  # fmt: skip
