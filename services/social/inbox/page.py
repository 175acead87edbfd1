"""The pages of social: the inbox of all networks, and one mention with what became of it."""

from secrets import token_urlsafe
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from services.social.inbox.listing import MENTIONS, networks
from services.social.inbox.view import inbox
from services.social.mention.actions import work
from services.social.pages import pages
from shared.features.action_routes import NOTHING, Refused
from shared.features.listing import Asked, add_api, add_download, add_one, asked, counts, one
from shared.features.listing import show as show_list
from shared.http.live import add_live
from shared.http.paging import Page
from shared.http.requests import AtLeast, allow, asker
from shared.security.permissions import may
from shared.service.runtime import CurrentRuntime

MentionsAsked = Annotated[Asked, Depends(asked(MENTIONS))]
api = APIRouter(prefix="/api/v1/mentions", tags=["mentions"])
add_api(api, MENTIONS, "", "Mentions of all networks, the newest first.")
add_one(api, MENTIONS, "", "One mention, and what became of it.")
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
        address=runtime.settings.url, new_key=token_urlsafe,
    )  # fmt: skip


@routes.get("/social/{mention_id}", dependencies=[allow("mentions.read")])
async def show_mention(
    request: Request, runtime: CurrentRuntime, mention_id: UUID, at_least: AtLeast = None
) -> Response:
    await runtime.positions.wait(inbox, at_least)
    return await show(request, mention_id)


async def show(request: Request, mention_id: UUID, refused: Refused = NOTHING) -> Response:
    """The mention as it is, and why what was asked of it was refused."""
    async with request.app.state.runtime.pool.connection() as conn:
        row = await one(conn, MENTIONS, mention_id)
    return pages.render(
        request, "mention.html", refused.status, area="social", live="/social/live", mention=row, actions=work,
        works=may(asker(request), "mentions.work"), refused=refused, new_key=token_urlsafe,
    )  # fmt: skip
