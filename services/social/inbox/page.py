"""The pages of social: the inbox of all networks, and one mention with what became of it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from services.social.inbox.listing import MENTIONS, networks
from services.social.inbox.view import inbox
from services.social.mention.actions import work
from services.social.pages import pages
from shared.features.action_routes import Refused
from shared.features.listing import Asked, add_download, asked, counts, one
from shared.features.listing import show as show_list
from shared.http.live import add_live
from shared.http.paging import Page
from shared.http.requests import AtLeast, allow, asker
from shared.security.permissions import may
from shared.service.runtime import CurrentRuntime

MentionsAsked = Annotated[Asked, Depends(asked(MENTIONS))]
routes = APIRouter(include_in_schema=False)
work.views = (inbox,)
add_download(routes, MENTIONS, "/social/mentions.csv")
add_live(routes, "/social/live", "mentions.read", inbox)


@routes.get("/social", dependencies=[allow("mentions.read")])
async def show_inbox(
    request: Request, runtime: CurrentRuntime, asked: MentionsAsked, page: Page, at_least: AtLeast = None
) -> Response:
    found, who, now = await show_list(MENTIONS, request, asked, page, at_least), asker(request), runtime.clock.now()
    async with runtime.pool.connection() as conn:
        known = [(name, name) for name in await networks(conn)]
        counted = await counts(conn, MENTIONS, who.id, now, asked)
    return pages.render(
        request, "inbox.html", area="social", live="/social/live", list=found, counted=counted, known=known,
        rebuilding=inbox.name in runtime.rebuilding, works=may(who, "mentions.work"), now=now,
        address=runtime.settings.url,
    )  # fmt: skip


@routes.get("/social/{mention_id}", dependencies=[allow("mentions.read")])
async def show_mention(
    request: Request, runtime: CurrentRuntime, mention_id: UUID, at_least: AtLeast = None
) -> Response:
    await runtime.positions.wait(inbox, at_least)
    return await show(request, mention_id)


async def show(request: Request, mention_id: UUID, refused: Refused | None = None) -> Response:
    """The mention as it is, and why what was asked of it was refused."""
    async with request.app.state.runtime.pool.connection() as conn:
        row = await one(conn, MENTIONS, mention_id)
    return pages.render(
        request, "mention.html", refused.status if refused else 200, area="social", live="/social/live", mention=row,
        works=may(asker(request), "mentions.work"), errors=refused.summary if refused else {},
    )  # fmt: skip
