"""The pages of surveys: results for staff, and the questions that a customer's link opens."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from services.surveys.pages import pages
from services.surveys.questionnaire.definition import Questionnaire
from services.surveys.response import listing as responses
from services.surveys.response.commands import Surveys
from services.surveys.response.listing import RESPONSES
from services.surveys.response.state import (
    AnswersNotAccepted,
    SurveyAlreadyAnswered,
    SurveyExpired,
    SurveyStopped,
    ensure_open,
)
from services.surveys.response.view import response_list
from services.surveys.results import listing as answers
from services.surveys.results.listing import COMMENTS, Tally
from services.surveys.results.view import answer_list
from shared.features.listing import Asked, add_download, asked, show
from shared.http.live import live_updates
from shared.http.paging import Page
from shared.http.requests import AtLeast, Form, allow, asker
from shared.problems import NotFound, PersonWasErased
from shared.security.permissions import may
from shared.web.charts import Mark, highest
from shared.web.pages import Pages, flash
from shared.web.templating import gettext as _

CommentsAsked = Annotated[Asked, Depends(asked(COMMENTS))]
ResponsesAsked = Annotated[Asked, Depends(asked(RESPONSES))]


def router(surveys: Surveys) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    _add_results(routes, surveys, pages)
    _add_questions(routes, surveys, pages)
    return routes


def _add_results(routes: APIRouter, surveys: Surveys, pages: Pages) -> None:
    """For staff."""
    runtime = surveys.runtime

    @routes.get("/surveys", dependencies=[allow("surveys.read")])
    async def results(request: Request, asked: CommentsAsked, page: Page) -> Response:
        """One questionnaire's results; the newest where none is named."""
        shown = _chosen(surveys, asked.values.get("questionnaire"))
        async with runtime.pool.connection() as conn:
            invited, answered = (await responses.rates(conn)).get(shown.id, (0, 0))
            tallies = await answers.tallies(conn, shown)
        charts = _charts(shown.id, tallies)
        return pages.render(
            request, "results.html", area="surveys", live="/surveys/live", shown=shown,
            all=surveys.questionnaires.all, invited=invited, answered=answered, charts=charts, now=runtime.clock.now(),
            list=await show(COMMENTS, request, asked.having(questionnaire=shown.id), page),
            rebuilding=sorted(runtime.rebuilding),
        )  # fmt: skip

    @routes.get("/surveys/live", dependencies=[allow("surveys.read")])
    async def live(request: Request) -> Response:
        return live_updates(request, runtime.pool, answer_list, response_list)

    add_download(routes, RESPONSES, "/surveys/responses.csv")

    @routes.get("/surveys/responses", dependencies=[allow("surveys.read")])
    async def list_responses(request: Request, asked: ResponsesAsked, page: Page, at_least: AtLeast = None) -> Response:
        """The responses behind a figure: all that were asked, or those who chose one answer."""
        shown, choice = _chosen(surveys, asked.values.get("questionnaire")), asked.values.get("choice")
        question = next((one for one in shown.questions if one.name == asked.values.get("question")), None)
        found = await show(RESPONSES, request, asked.having(questionnaire=shown.id), page, at_least)
        return pages.render(
            request, "responses.html", area="surveys", shown=shown, question=question, choice=choice, list=found,
            now=runtime.clock.now(), may_withdraw=may(asker(request), "surveys.withdraw"),
        )  # fmt: skip

    @routes.post("/surveys/responses/{response_id}/withdrawal", dependencies=[allow("surveys.withdraw")])
    async def withdraw(request: Request, response_id: UUID, form: Form) -> Response:
        """Back to the list, once it has seen what was done; where the person was quicker, the notice tells it."""
        address, said = _way_back(form), _("The survey link no longer works.")
        try:
            saved = await surveys.withdraw(response_id, actor=asker(request).id)
        except SurveyAlreadyAnswered as answered:
            saved, said = [], str(answered)
        if saved:
            address += ("&" if "?" in address else "?") + f"at_least={await runtime.positions.token(saved)}"
        response = RedirectResponse(address, 303)
        flash(request, response, said)
        return response


def _add_questions(routes: APIRouter, surveys: Surveys, pages: Pages) -> None:
    """For whoever has a link."""

    @routes.get("/surveys/answer/{signed}")
    async def questions(request: Request, signed: str) -> Response:
        """The questions, or why there is nothing to answer any more."""
        return await _form(request, signed, {}, {})

    @routes.post("/surveys/answer/{signed}")
    async def answer(request: Request, signed: str, form: Form) -> Response:
        """Record and thank; what cannot be taken comes back as it was filled in."""
        response_id = surveys.read_link(signed)
        given = {name: str(value) for name, value in form.items() if name != "csrf"}
        try:
            await surveys.answer(response_id, given)
        except AnswersNotAccepted as refused:
            return await _form(request, signed, given, refused.errors)
        except SurveyAlreadyAnswered:
            return await _form(request, signed, {}, {})
        except (SurveyExpired, SurveyStopped, PersonWasErased):
            return pages.render(request, "ended.html", status=410)
        return RedirectResponse(f"/surveys/answer/{signed}/thanks", 303)

    @routes.get("/surveys/answer/{signed}/thanks")
    async def thanks(request: Request, signed: str) -> Response:
        """For answers that we have; the questions again, where we have none."""
        response, asked = await surveys.open(surveys.read_link(signed))
        if response.answered_at is None:
            return RedirectResponse(f"/surveys/answer/{signed}", 303)
        return pages.render(request, "thanks.html", asked=asked)

    async def _form(request: Request, signed: str, given: dict[str, str], errors: dict[str, str]) -> Response:
        response, asked = await surveys.open(surveys.read_link(signed))
        try:
            ensure_open(response, surveys.runtime.clock.now())
            await surveys.ensure_known(response)
        except SurveyAlreadyAnswered:
            return pages.render(request, "answered.html", response=response)
        except (SurveyExpired, SurveyStopped, PersonWasErased):
            return pages.render(request, "ended.html", status=410)
        return pages.render(
            request, "answer.html", status=422 if errors else 200, asked=asked, response=response, given=given,
            errors=errors,
        )  # fmt: skip


def _chosen(surveys: Surveys, name: str | None) -> Questionnaire:
    found = surveys.questionnaires.all[-1] if name is None else surveys.questionnaires.get(name)
    if found is None:
        raise NotFound("There is no questionnaire with this name. Open Surveys to see those that there are.")
    return found


def _way_back(form: Any) -> str:
    """The list as it was narrowed where the button stood; only ever ours."""
    back, here = str(form.get("back", "")), "/surveys/responses"
    return back if back.isprintable() and back.partition("?")[0] == here else here


def _charts(name: str, tallies: list[Tally]) -> list[dict[str, Any]]:
    """One for each question with options, all of them in their order and all questions on one scale."""
    behind = f"/surveys/responses?questionnaire={name}&question="
    asked = [tally for tally in tallies if tally.counts]
    marks = [
        [Mark(_(one.label), one.count, f"{behind}{tally.question.name}&choice={one.value}") for one in tally.counts]
        for tally in asked
    ]
    return [{"tally": tally, "marks": shown, "top": highest(*marks)} for tally, shown in zip(asked, marks, strict=True)]
