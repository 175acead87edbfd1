"""Social, put together from its features."""

from fastapi import FastAPI

from services.social.capture import http as capture_api
from services.social.inbox import http as inbox_api
from services.social.inbox import page as inbox_page
from services.social.inbox.view import inbox
from services.social.mention.actions import work
from shared.features.action_routes import api_routes, form_routes
from shared.features.feature import Feature, assemble
from shared.service.settings import Settings

FEATURES = (
    Feature("capture", routes=[capture_api.routes]),
    Feature("mention", routes=[api_routes(work, "mentions"), form_routes(work, inbox_page.show, "mentions.read")]),
    Feature("inbox", views=[inbox], routes=[inbox_api.routes, inbox_page.routes]),
)


def build(settings: Settings) -> FastAPI:
    return assemble("social", settings, FEATURES)
