"""The surveys service, put together: the only place that reads its settings."""

from fastapi import FastAPI

from services.surveys.questionnaire.definition import load_questionnaires
from services.surveys.response.commands import Surveys
from services.surveys.response.policy import policies
from services.surveys.response.view import response_list
from services.surveys.results import http
from services.surveys.results import page as pages
from services.surveys.results.view import answer_list
from shared.service.runtime import Runtime
from shared.service.settings import Settings

VIEWS = [response_list, answer_list]


def build(settings: Settings) -> FastAPI:
    questionnaires = load_questionnaires()
    runtime = Runtime("surveys", settings, VIEWS, policies(questionnaires))
    surveys = Surveys(runtime, questionnaires)
    app = runtime.application("Recourse surveys")
    app.include_router(http.router(surveys))
    app.include_router(pages.router(surveys))
    return app
