"""Social, put together from its features."""

from functools import partial

from services.social.capture import http as capture_api
from services.social.inbox import page as inbox_page
from services.social.inbox.view import inbox
from services.social.mention.actions import work
from shared.features.action_routes import api_routes, form_routes
from shared.features.feature import Feature, assemble

FEATURES = (
    Feature("capture", routes=[capture_api.routes]),
    Feature("mention", routes=[api_routes(work, "mentions"), form_routes(work, inbox_page.show, "mentions.read")]),
    Feature("inbox", views=[inbox], routes=[inbox_page.api, inbox_page.routes]),
)
build = partial(assemble, "social", features=FEATURES)
