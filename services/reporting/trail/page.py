"""The pages of the audit trail: what was recorded last, and the story of one subject as at any instant."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from services.reporting.pages import pages
from services.reporting.reports.filters import AsAt, field_value, spelled
from services.reporting.reports.labels import MONTHS
from services.reporting.trail.listing import LATEST, NothingRecorded, subject_with, trail_of
from services.reporting.trail.view import audit
from services.reporting.trail.wording import sealed_hidden, what
from shared.features.listing import Asked, show
from shared.http.live import add_live
from shared.http.paging import Page
from shared.http.requests import allow
from shared.service.runtime import CurrentRuntime
from shared.web.templating import gettext as _

EVERYTHING = Asked()
routes = APIRouter(include_in_schema=False)
add_live(routes, "/audit/live", "audit.read", audit)


@routes.get("/audit", dependencies=[allow("audit.read")])
async def search_audit(
    request: Request, runtime: CurrentRuntime, page: Page, q: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """A reference or an id opens its trail; without one, what was recorded last."""
    async with runtime.pool.connection() as conn:
        if q.strip() and (subject := await find(conn, q)):
            return RedirectResponse(f"/audit/{subject}", 303)
    found = await show(LATEST, request, EVERYTHING, page)
    return pages.render(
        request, "audit.html", status=404 if q.strip() else 200, area="audit", live="/audit/live", q=q, list=found,
        rows=shown(found.rows), rebuilding=audit.name in runtime.rebuilding,
    )  # fmt: skip


@routes.get("/audit/{subject}", dependencies=[allow("audit.read")])
async def show_trail(
    request: Request, runtime: CurrentRuntime, subject: UUID, as_at: AsAt,
    upto: Annotated[int | None, Query(ge=0, le=100_000)] = None,
) -> Response:  # fmt: skip
    """The trail as at an instant; `upto` names the instant by the number of its event, as a slider does."""
    async with runtime.pool.connection() as conn:
        whole = await trail_of(conn, subject)
        if not whole:
            raise NothingRecorded
        instants = sorted({row["recorded_at"] for row in whole})
        if upto is not None:
            return RedirectResponse(f"/audit/{subject}?as_at={spelled(instants[min(upto, len(instants) - 1)])}", 303)
        rows = whole if as_at is None else await trail_of(conn, subject, as_at)
    reference = next((row["payload"]["reference"] for row in whole if "reference" in row["payload"]), None)
    return pages.render(
        request, "trail.html", area="audit", live="" if as_at else "/audit/live", subject=subject, as_at=as_at,
        rows=shown(rows), reference=reference, instants=instants,
        place=sum(1 for one in instants if as_at is None or one <= as_at) - 1, field=field_value(as_at),
        rebuilding=audit.name in runtime.rebuilding,
    )  # fmt: skip


def shown(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each event in words, its raw form with boxes closed, and the row of its cause where that is on the page."""
    places = {row["event_id"]: number for number, row in enumerate(rows, 1)}
    return [
        row
        | {
            "number": number,
            "what": what(row["name"], row["payload"]),
            "raw": orjson.dumps(sealed_hidden(row["payload"]), option=orjson.OPT_INDENT_2).decode(),
            "cause": places.get(row["caused_by"]),
            "spelled": spelled(row["recorded_at"]),
        }
        for number, row in enumerate(rows, 1)
    ]


def stamp(instant: datetime) -> Markup:
    """Short enough for two in a row, whole for whoever copies it."""
    utc = instant.astimezone(UTC)
    text = f"{utc.day} {_(MONTHS[utc.month - 1])} {utc:%Y, %H:%M:%S}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(spelled(utc), spelled(utc), text)


pages.environment.globals.update(stamp=stamp)


async def find(conn: Any, q: str) -> UUID | None:
    """By id, or by a reference however it is typed."""
    text = q.strip().replace(" ", "")
    try:
        subject = UUID(text)
    except ValueError:
        plain = text.replace("-", "")
        reference = f"{plain[:4]}-{plain[4:]}" if len(plain) == 8 else text
        return await subject_with(conn, reference) if reference.isprintable() and reference.isascii() else None
    return subject if await trail_of(conn, subject) else None
