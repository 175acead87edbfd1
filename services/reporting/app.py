"""Puts reporting together: the only place that reads its settings."""

from fastapi import FastAPI

from services.reporting import evidence_http, evidence_pages, http, pages
from services.reporting.evidence import Evidence
from services.reporting.sealer import Sealer
from services.reporting.views.checkpoints import checkpoints
from services.reporting.views.counts import counts
from services.reporting.views.trail import audit
from shared.service.runtime import Runtime
from shared.service.settings import Settings

VIEWS = (audit, counts, checkpoints)


def build(settings: Settings) -> FastAPI:
    """The running service, once its lifespan begins."""
    runtime = Runtime("reporting", settings, VIEWS)
    sealer = Sealer(runtime)
    evidence = Evidence(runtime, sealer)
    runtime.workers.append(sealer.run)
    app = runtime.application("Recourse reporting")
    app.include_router(evidence_http.router(evidence))
    app.include_router(evidence_pages.router(evidence))
    app.include_router(http.router(runtime))
    app.include_router(pages.router(runtime))
    return app
