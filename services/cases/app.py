"""Puts cases together: the only place that reads its settings."""

from fastapi import FastAPI

from services.cases import http, pages, work_page
from services.cases.application import Cases
from services.cases.policies import POLICIES
from services.cases.taxonomy import load_root_causes
from services.cases.views.aspects import aspect_list
from services.cases.views.caseload import caseload
from services.cases.views.timeline import timeline
from shared.service.runtime import Runtime
from shared.service.settings import Settings

VIEWS = (caseload, timeline, aspect_list)


def build(settings: Settings) -> FastAPI:
    """The running service, once its lifespan begins."""
    root_causes = load_root_causes()
    runtime = Runtime("cases", settings, VIEWS, POLICIES, rest=0.01)
    cases = Cases(runtime, root_causes)
    app = runtime.application("Recourse cases")
    app.include_router(http.router(cases))
    app.include_router(pages.router(cases))
    app.include_router(work_page.router(cases))
    return app
