"""Puts cases together: the only place that reads its settings."""

from fastapi import FastAPI

from services.cases.alerts import policy as alerts
from services.cases.case.commands import Cases
from services.cases.case_page import forms as work_page
from services.cases.case_page import http
from services.cases.case_page.aspects import aspect_list
from services.cases.case_page.timeline import timeline
from services.cases.caseload import page as pages
from services.cases.caseload.view import caseload
from services.cases.opening import policy as opening
from services.cases.root_causes.definition import load_root_causes
from shared.service.runtime import Runtime
from shared.service.settings import Settings

VIEWS = (caseload, timeline, aspect_list)


def build(settings: Settings) -> FastAPI:
    """The running service, once its lifespan begins."""
    root_causes = load_root_causes()
    runtime = Runtime("cases", settings, VIEWS, (opening.policy, alerts.policy), rest=0.01)
    cases = Cases(runtime, root_causes)
    app = runtime.application("Recourse cases")
    app.include_router(http.router(cases))
    app.include_router(pages.router(cases))
    app.include_router(work_page.router(cases))
    return app
