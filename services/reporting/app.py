"""Reporting, put together from its features."""

from fastapi import FastAPI

from services.reporting.audit import http as evidence_api
from services.reporting.audit import page as evidence_page
from services.reporting.audit.sealer import Sealer
from services.reporting.audit.view import checkpoints
from services.reporting.reports import http as reports_api
from services.reporting.reports import page as reports_page
from services.reporting.reports.view import counts
from services.reporting.settings import ReportingSettings
from services.reporting.trail import http as trail_api
from services.reporting.trail import page as trail_page
from services.reporting.trail.view import audit
from shared.features.feature import Feature, assemble

FEATURES = (
    Feature("reports", views=[counts], routes=[reports_api.routes, reports_page.routes]),
    Feature(
        "audit", views=[checkpoints], routes=[evidence_api.routes, evidence_page.routes],
        workers=[lambda runtime: Sealer(runtime).run()],
    ),
    Feature("trail", views=[audit], routes=[trail_api.routes, trail_page.routes]),
)  # fmt: skip


def build(settings: ReportingSettings) -> FastAPI:
    return assemble("reporting", settings, FEATURES)
