"""The page of the embedded mailbox: every message that was sent."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.intake.message.view import outbox
from services.intake.pages import pages
from shared.http.live import add_live
from shared.http.requests import allow
from shared.service.runtime import CurrentRuntime

routes = APIRouter(include_in_schema=False)
add_live(routes, "/mailbox/live", "mailbox.read", outbox)


@routes.get("/mailbox", dependencies=[allow("mailbox.read")])
async def mailbox(request: Request, runtime: CurrentRuntime) -> Response:
    async with runtime.pool.connection() as conn:
        found = await conn.execute(
            "select mail_id, recipient, subject, body, arrived_at from mailbox order by arrived_at desc limit 100"
        )
        mails = await found.fetchall()
    return pages.render(request, "mailbox.html", area="intake", live="/mailbox/live", mails=mails)
