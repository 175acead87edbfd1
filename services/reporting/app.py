"""Puts reporting together: the only place that reads its settings."""

from fastapi import FastAPI

from services.reporting.audit import http as evidence_http
from services.reporting.audit import page as evidence_pages
from services.reporting.audit.evidence import Evidence
from services.reporting.audit.sealer import Sealer
from services.reporting.audit.view import checkpoints
from services.reporting.reports import http
from services.reporting.reports import page as pages
from services.reporting.reports.view import counts
from services.reporting.settings import ReportingSettings
from services.reporting.trail.view import audit
from shared.service.runtime import Runtime

VIEWS = (audit, counts, checkpoints)


def build(settings: ReportingSettings) -> FastAPI:
    """The running service, once its lifespan begins."""
    runtime = Runtime("reporting", settings, VIEWS)
    sealer = Sealer(runtime, settings)
    evidence = Evidence(runtime, sealer)
    runtime.workers.append(sealer.run)
    app = runtime.application("Recourse reporting")
    app.include_router(evidence_http.router(evidence))
    app.include_router(evidence_pages.router(evidence))
    app.include_router(http.router(runtime))
    app.include_router(pages.router(runtime))
    return app
