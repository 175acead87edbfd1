"""Puts reporting together: the only place that reads its settings."""

from fastapi import FastAPI

from services.reporting import http, pages
from services.reporting.views.counts import counts
from services.reporting.views.trail import audit
from shared.runtime import Runtime, Settings

VIEWS = (audit, counts)


def build(settings: Settings) -> FastAPI:
    """The running service, once its lifespan begins."""
    runtime = Runtime("reporting", settings, VIEWS)
    app = runtime.application("Recourse reporting")
    app.include_router(http.router(runtime))
    app.include_router(pages.router(runtime))
    return app
