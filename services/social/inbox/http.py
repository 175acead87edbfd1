"""The JSON API of the inbox: mentions, and what became of them."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from services.social.inbox.listing import MENTIONS, MentionRow
from services.social.inbox.view import inbox
from shared.features.listing import add_api, one
from shared.http.requests import AtLeast, allow
from shared.problems import NotFound
from shared.service.runtime import CurrentRuntime

routes = APIRouter(prefix="/api/v1/mentions", tags=["mentions"])
add_api(routes, MENTIONS, "", "Mentions of all networks, the newest first.")


@routes.get("/{mention_id}", dependencies=[allow("mentions.read")], response_model=MentionRow)
async def get_mention(runtime: CurrentRuntime, mention_id: UUID, at_least: AtLeast = None) -> dict[str, Any]:
    """One mention, and what became of it."""
    await runtime.positions.wait(inbox, at_least)
    async with runtime.pool.connection() as conn:
        row = await one(conn, MENTIONS, "i.mention_id = %s", [mention_id])
    if row is None:
        raise NotFound("There is no mention with this id.")
    return row
