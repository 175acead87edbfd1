"""The JSON API of surveys: results by question, invitations, and the withdrawal of one."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.surveys.questionnaire.definition import load_questionnaires
from services.surveys.response import listing as responses
from services.surveys.response.listing import RESPONSES
from services.surveys.response.view import response_list
from services.surveys.results import listing as answers
from services.surveys.results.listing import QuestionResult
from services.surveys.results.view import answer_list
from shared.features.listing import add_api
from shared.http.requests import AtLeast, allow
from shared.service.runtime import CurrentRuntime


class SurveyResult(BaseModel):
    """One version of a questionnaire and what came of it."""

    questionnaire: str = Field(description="Name and version, for example `handling.v1`.")
    title: str
    effective_from: str
    invited: int = Field(description="How many could answer: those whose invitation was withdrawn are left out.")
    answered: int
    questions: list[QuestionResult]


class SurveyResults(BaseModel):
    data: list[SurveyResult]


routes = APIRouter(prefix="/api/v1/surveys", tags=["surveys"])
add_api(routes, RESPONSES, "/responses", "Invitations, the newest first.")


@routes.get("", dependencies=[allow("surveys.read")])
async def list_surveys(runtime: CurrentRuntime, at_least: AtLeast = None) -> SurveyResults:
    """Every questionnaire with its results: counts per question and option, also where nobody chose it."""
    await runtime.positions.wait(answer_list, at_least)
    await runtime.positions.wait(response_list, at_least)
    async with runtime.pool.connection() as conn:
        rates = await responses.rates(conn)
        found = [(one, await answers.tallies(conn, one)) for one in load_questionnaires().all]
    return SurveyResults(
        data=[
            SurveyResult(
                questionnaire=one.id, title=one.title, effective_from=one.effective_from.isoformat(),
                invited=rates.get(one.id, (0, 0))[0], answered=rates.get(one.id, (0, 0))[1], questions=questions,
            )
            for one, questions in found
        ]
    )  # fmt: skip
