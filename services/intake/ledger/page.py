"""The pages of intake beside its forms: following a complaint, the ledger, and the embedded mailbox."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from services.intake.complaint.commands import Intake
from services.intake.complaint.view import complaint_list
from services.intake.form import page as form_pages
from services.intake.ledger.listing import ARRIVALS, sources, totals
from services.intake.ledger.view import ledger
from services.intake.links import page as link_pages
from services.intake.links.commands import Tracking
from services.intake.links.state import LinkExpired, LinkStopped
from services.intake.message.view import outbox
from services.intake.pages import pages
from shared.features.listing import Asked, add_download, asked, show
from shared.http.live import live_updates
from shared.http.paging import Page
from shared.http.requests import AtLeast, allow, asker
from shared.problems import NotFound

ArrivalsAsked = Annotated[Asked, Depends(asked(ARRIVALS))]


def router(intake: Intake, tracking: Tracking) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    runtime = intake.runtime
    routes.include_router(link_pages.router(tracking, pages))
    routes.include_router(form_pages.router(intake, pages))

    @routes.get("/")
    async def home(request: Request) -> Response:
        return RedirectResponse("/complain" if asker(request).role == "anonymous" else "/cases", 303)

    @routes.get("/complain/track/{signed}")
    async def track(request: Request, signed: str, at_least: AtLeast = None) -> Response:
        """Where a complaint stands, for whoever holds its link."""
        try:
            complaint_id = await tracking.open(signed)
        except (LinkExpired, LinkStopped) as ended:
            return link_pages.end(request, pages, signed, ended)
        await runtime.positions.wait(complaint_list, at_least)
        async with runtime.pool.connection() as conn:
            found = await conn.execute(
                "select reference, status, received_at, changed_at, narrative from complaints where complaint_id = %s",
                [complaint_id],
            )
            row = await found.fetchone()
        if row is None or row[0] is None:
            raise NotFound("We have no complaint under this link.")
        return pages.render(request, "track.html", complaint=row, fresh=at_least is not None, signed=signed)

    add_download(routes, ARRIVALS, "/intake/ledger.csv")

    @routes.get("/intake", dependencies=[allow("complaints.read")])
    async def show_ledger(request: Request, asked: ArrivalsAsked, page: Page) -> Response:
        found = await show(ARRIVALS, request, asked, page)
        async with runtime.pool.connection() as conn:
            total, files = await totals(conn), await sources(conn)
        return pages.render(
            request, "ledger.html", area="intake", live="/intake/live", list=found, sources=files,
            totals={"": total["received"], **total}, now=runtime.clock.now(),
        )  # fmt: skip

    @routes.get("/intake/live", dependencies=[allow("complaints.read")])
    async def live(request: Request) -> Response:
        return live_updates(request, runtime.pool, ledger)

    if runtime.settings.embedded:

        @routes.get("/mailbox", dependencies=[allow("mailbox.read")])
        async def mailbox(request: Request) -> Response:
            async with runtime.pool.connection() as conn:
                found = await conn.execute(
                    "select mail_id, recipient, subject, body, arrived_at from mailbox"
                    " order by arrived_at desc limit 100"
                )
                mails = await found.fetchall()
            return pages.render(request, "mailbox.html", area="intake", live="/mailbox/live", mails=mails)

        @routes.get("/mailbox/live", dependencies=[allow("mailbox.read")])
        async def mailbox_live(request: Request) -> Response:
            return live_updates(request, runtime.pool, outbox)

    return routes
