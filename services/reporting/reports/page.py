"""What people see of reporting: the questions with their figures, and the trail of each complaint."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from services.reporting.pages import pages
from services.reporting.reports import report as report_page
from services.reporting.reports.filters import AsAt, Report, ReportAsked, spelled
from services.reporting.reports.http import NothingRecorded
from services.reporting.reports.labels import NAMES, QUESTIONS, label
from services.reporting.reports.listing import SHEET, behind, choices, counts_by, every
from services.reporting.reports.view import counts
from services.reporting.trail import page as audit_page
from services.reporting.trail.view import audit, latest, trail_of
from shared.features.listing import sheet
from shared.http.live import live_updates
from shared.http.paging import Page, cursor, links
from shared.http.requests import allow
from shared.service.runtime import Runtime


def router(runtime: Runtime) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    pages.environment.globals.update(label=label, stamp=audit_page.stamp)

    @routes.get("/reports", dependencies=[allow("reports.read")])
    async def show_report(request: Request, report: ReportAsked) -> Response:
        """One question with its period, filters and instant, all of them in the address."""
        async with runtime.pool.connection() as conn:
            found = await counts_by(conn, report.by, report.filters, report.as_at)
            offered = await choices(conn)
        groups = report_page.groups_of(report, found)
        return pages.render(
            request, "report.html", area="reports", live="" if report.as_at else "/reports/live", report=report,
            questions=QUESTIONS, names=NAMES, total=found.total, rows=report_page.rows_of(report, groups),
            charts=report_page.charts_of(report, groups), offered=offered, field=audit_page.field_value(report.as_at),
            rebuilding=counts.name in runtime.rebuilding,
        )  # fmt: skip

    @routes.get("/reports/live", dependencies=[allow("reports.read")])
    async def live_report(request: Request) -> Response:
        return live_updates(request, runtime.pool, counts)

    @routes.get("/reports/complaints", dependencies=[allow("reports.read")])
    async def list_behind(request: Request, report: ReportAsked, page: Page) -> Response:
        """The complaints behind a figure, as at the same instant."""
        after: Any = cursor(page.after, datetime, UUID, UUID)
        async with runtime.pool.connection() as conn:
            rows = await behind(conn, report.filters, report.as_at, after, page.size + 1)
        paged = links(request, page, rows, lambda row: (row["received_at"], row["case_id"], row["aspect_id"]))
        return pages.render(
            request, "behind.html", area="reports", report=report, names=NAMES, rows=paged["data"],
            following=paged["meta"]["after_cursor"],
        )  # fmt: skip

    @routes.get("/reports/complaints.csv", dependencies=[allow("reports.read")])
    async def download(report: ReportAsked) -> Response:
        return StreamingResponse(
            _file(runtime, report), media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="complaints.csv"', "Cache-Control": "private"},
        )  # fmt: skip

    @routes.get("/audit", dependencies=[allow("audit.read")])
    async def search_audit(request: Request, page: Page, q: Annotated[str, Query(max_length=100)] = "") -> Response:
        """A reference or an id opens its trail; without one, what was recorded last."""
        after: Any = cursor(page.after, datetime, str)
        async with runtime.pool.connection() as conn:
            if q.strip() and (subject := await audit_page.find(conn, q)):
                return RedirectResponse(f"/audit/{subject}", 303)
            rows = await latest(conn, after, page.size + 1)
        paged = links(request, page, rows, lambda row: (row["recorded_at"], row["event_id"]))
        return pages.render(
            request, "audit.html", status=404 if q.strip() else 200, area="audit", live="/audit/live", q=q,
            rows=audit_page.shown(paged["data"]), following=paged["meta"]["after_cursor"],
            rebuilding=audit.name in runtime.rebuilding,
        )  # fmt: skip

    @routes.get("/audit/live", dependencies=[allow("audit.read")])
    async def live_audit(request: Request) -> Response:
        return live_updates(request, runtime.pool, audit)

    @routes.get("/audit/{subject}", dependencies=[allow("audit.read")])
    async def show_trail(
        request: Request, subject: UUID, as_at: AsAt, upto: Annotated[int | None, Query(ge=0, le=100_000)] = None
    ) -> Response:
        """The trail as at an instant; `upto` names the instant by the number of its event, as a slider does."""
        async with runtime.pool.connection() as conn:
            whole = await trail_of(conn, subject)
            if not whole:
                raise NothingRecorded
            instants = sorted({row["recorded_at"] for row in whole})
            if upto is not None:
                return RedirectResponse(
                    f"/audit/{subject}?as_at={spelled(instants[min(upto, len(instants) - 1)])}", 303
                )
            rows = whole if as_at is None else await trail_of(conn, subject, as_at)
        return pages.render(
            request, "trail.html", area="audit", live="" if as_at else "/audit/live", subject=subject, as_at=as_at,
            rows=audit_page.shown(rows), reference=audit_page.reference_in(whole), instants=instants,
            place=sum(1 for one in instants if as_at is None or one <= as_at) - 1,
            field=audit_page.field_value(as_at), rebuilding=audit.name in runtime.rebuilding,
        )  # fmt: skip

    return routes


async def _file(runtime: Runtime, report: Report) -> AsyncIterator[bytes]:
    async with runtime.pool.connection() as conn, conn.transaction():
        async for piece in sheet.lines(SHEET, every(conn, report.filters, report.as_at)):
            yield piece
