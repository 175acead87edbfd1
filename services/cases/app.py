"""Puts cases together: the only place that reads its settings."""

from fastapi import FastAPI

from services.cases.alerts import policy as alerts
from services.cases.aspects import assignment, classification, raising, resolution
from services.cases.aspects.view import aspect_list
from services.cases.case.actions import work
from services.cases.case_page import http as case_http
from services.cases.case_page import page as case_page
from services.cases.case_page.timeline import timeline
from services.cases.caseload import bulk
from services.cases.caseload import page as caseload_page
from services.cases.caseload.view import caseload
from services.cases.closing import closing
from services.cases.notes import note
from services.cases.opening import policy as opening
from services.cases.priority import priority
from shared.features.action_routes import api_routes
from shared.service.runtime import Runtime
from shared.service.settings import Settings

FEATURES = (raising, classification, assignment, resolution, note, priority, closing)
"""Modules that declare actions of a case."""
VIEWS = (caseload, timeline, aspect_list)


def build(settings: Settings) -> FastAPI:
    """The running service, once its lifespan begins."""
    runtime = Runtime("cases", settings, VIEWS, (opening.policy, alerts.policy), rest=0.01)
    app = runtime.application("Recourse cases")
    app.include_router(case_http.router(runtime))
    app.include_router(api_routes(work, "cases"))
    app.include_router(caseload_page.router(runtime))
    app.include_router(bulk.routes)
    app.include_router(case_page.router())
    return app
