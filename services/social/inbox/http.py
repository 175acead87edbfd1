"""The JSON API of the inbox: mentions, and what became of them."""

from fastapi import APIRouter

from services.social.inbox.listing import MENTIONS
from shared.features.listing import add_api, add_one

routes = APIRouter(prefix="/api/v1/mentions", tags=["mentions"])
add_api(routes, MENTIONS, "", "Mentions of all networks, the newest first.")
add_one(routes, MENTIONS, "", "One mention, and what became of it.")
