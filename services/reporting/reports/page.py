"""The pages of figures: one question with its period, filters and instant, and the complaints behind each figure."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.reporting.pages import pages
from services.reporting.reports import report as report_page
from services.reporting.reports.filters import ReportAsked, field_value
from services.reporting.reports.labels import NAMES, QUESTIONS, label
from services.reporting.reports.listing import behind, choices, counts_by
from services.reporting.reports.view import counts
from shared.features.listing import csv_file, show
from shared.http.live import add_live
from shared.http.paging import Page
from shared.http.requests import allow
from shared.service.runtime import CurrentRuntime

routes = APIRouter(include_in_schema=False)
pages.environment.globals.update(label=label)
add_live(routes, "/reports/live", "reports.read", counts)


@routes.get("/reports", dependencies=[allow("reports.read")])
async def show_report(request: Request, runtime: CurrentRuntime, report: ReportAsked) -> Response:
    """One question with its period, filters and instant, all of them in the address."""
    async with runtime.pool.connection() as conn:
        found = await counts_by(conn, report.by, report.asked, report.as_at)
        offered = await choices(conn)
    rows = report_page.rows_of(report, report_page.groups_of(report, found))
    return pages.render(
        request, "report.html", area="reports", live="" if report.as_at else "/reports/live", report=report,
        questions=QUESTIONS, names=NAMES, total=found.total, rows=rows, charts=report_page.charts_of(report, rows),
        offered=offered, field=field_value(report.as_at),
        rebuilding=counts.name in runtime.rebuilding,
    )  # fmt: skip


@routes.get("/reports/complaints", dependencies=[allow("reports.read")])
async def list_behind(request: Request, report: ReportAsked, page: Page) -> Response:
    """The complaints behind a figure, as at the same instant."""
    return pages.render(
        request, "behind.html", area="reports", report=report, names=NAMES,
        list=await show(behind(report.as_at), request, report.asked, page),
    )  # fmt: skip


@routes.get("/reports/complaints.csv", dependencies=[allow("reports.read")])
async def download(request: Request, report: ReportAsked) -> Response:
    return csv_file(behind(report.as_at), request, report.asked, "complaints.csv")
