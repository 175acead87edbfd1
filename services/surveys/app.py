"""The surveys service, put together: the only place that reads its settings."""

from fastapi import FastAPI

from services.surveys import http, pages
from services.surveys.application import Surveys
from services.surveys.policies import policies
from services.surveys.questionnaire import load_questionnaires
from services.surveys.views.answers import answer_list
from services.surveys.views.responses import response_list
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
