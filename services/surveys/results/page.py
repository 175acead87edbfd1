"""The pages and the API of results: the figures of a questionnaire, and the responses behind each of them."""

from secrets import token_urlsafe
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel

from services.surveys.pages import pages
from services.surveys.questionnaire.definition import Questionnaire, load_questionnaires
from services.surveys.response.actions import invitation
from services.surveys.response.listing import RESPONSES
from services.surveys.response.view import response_list
from services.surveys.results.listing import COMMENTS, QuestionResult, SurveyResult, result
from services.surveys.results.view import answer_list
from shared.features.action_routes import Refused
from shared.features.listing import Asked, add_api, add_download, asked, show
from shared.http.live import add_live
from shared.http.paging import Page
from shared.http.requests import AtLeast, allow, asker
from shared.problems import NotFound
from shared.security.permissions import may
from shared.service.runtime import CurrentRuntime
from shared.web.charts import Mark, highest
from shared.web.pages import flash
from shared.web.templating import gettext as _

CommentsAsked = Annotated[Asked, Depends(asked(COMMENTS))]
ResponsesAsked = Annotated[Asked, Depends(asked(RESPONSES))]
api = APIRouter(prefix="/api/v1/surveys", tags=["surveys"])
add_api(api, RESPONSES, "/responses", "Invitations, the newest first.")
routes = APIRouter(include_in_schema=False)
invitation.views = (response_list,)
add_download(routes, RESPONSES, "/surveys/responses.csv")
add_live(routes, "/surveys/live", "surveys.read", answer_list, response_list)


class SurveyResults(BaseModel):
    data: list[SurveyResult]


@api.get("", dependencies=[allow("surveys.read")])
async def list_surveys(runtime: CurrentRuntime, at_least: AtLeast = None) -> SurveyResults:
    """Every questionnaire with its results: counts per question and option, also where nobody chose it."""
    await runtime.positions.seen(at_least, answer_list, response_list)
    async with runtime.pool.connection() as conn:
        return SurveyResults(data=[await result(conn, one) for one in load_questionnaires().all])


@routes.get("/surveys", dependencies=[allow("surveys.read")])
async def results(request: Request, runtime: CurrentRuntime, asked: CommentsAsked, page: Page) -> Response:
    """One questionnaire's results; the newest where none is named."""
    shown = _chosen(asked.values.get("questionnaire"))
    async with runtime.pool.connection() as conn:
        found = await result(conn, shown)
    return pages.render(
        request, "results.html", area="surveys", live="/surveys/live", shown=shown, all=load_questionnaires().all,
        invited=found.invited, answered=found.answered, charts=_charts(shown.id, found.questions),
        now=runtime.clock.now(),
        list=await show(COMMENTS, request, asked.having(questionnaire=shown.id), page),
        rebuilding=sorted(runtime.rebuilding),
    )  # fmt: skip


@routes.get("/surveys/responses", dependencies=[allow("surveys.read")])
async def list_responses(
    request: Request, runtime: CurrentRuntime, asked: ResponsesAsked, page: Page, at_least: AtLeast = None
) -> Response:
    """The responses behind a figure: all that were asked, or those who chose one answer."""
    shown, choice = _chosen(asked.values.get("questionnaire")), asked.values.get("choice")
    question = next((one for one in shown.questions if one.name == asked.values.get("question")), None)
    found = await show(RESPONSES, request, asked.having(questionnaire=shown.id), page, at_least)
    return pages.render(
        request, "responses.html", area="surveys", shown=shown, question=question, choice=choice, list=found,
        now=runtime.clock.now(), may_withdraw=may(asker(request), "surveys.withdraw"), new_key=token_urlsafe,
    )  # fmt: skip


async def refuse(request: Request, response_id: UUID, refused: Refused) -> Response:
    """Back to the list; where the person was quicker, the notice tells it."""
    response = RedirectResponse(invitation.back(response_id, refused.given.get("back", "")), 303)
    flash(request, response, " ".join(refused.errors.values()))
    return response


def _chosen(name: str | None) -> Questionnaire:
    found = load_questionnaires().all[-1] if name is None else load_questionnaires().get(name)
    if found is None:
        raise NotFound("There is no questionnaire with this name. Open Surveys to see those that there are.")
    return found


def _charts(name: str, tallies: list[QuestionResult]) -> list[dict[str, Any]]:
    """One for each question with options, all of them in their order and all questions on one scale."""
    behind = f"/surveys/responses?questionnaire={name}&question="
    asked = [tally for tally in tallies if tally.options]
    marks = [
        [Mark(_(one.label), one.count, f"{behind}{tally.question}&choice={one.value}") for one in tally.options]
        for tally in asked
    ]
    return [{"tally": tally, "marks": shown, "top": highest(*marks)} for tally, shown in zip(asked, marks, strict=True)]
