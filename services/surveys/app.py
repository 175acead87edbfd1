"""Surveys, put together from its features."""

from functools import partial

from services.surveys.answering import page as answering
from services.surveys.response import policy as response
from services.surveys.response.actions import invitation
from services.surveys.response.view import response_list
from services.surveys.results import page as results_page
from services.surveys.results.view import answer_list
from shared.features.action_routes import api_routes, form_routes
from shared.features.feature import Feature, assemble

FEATURES = (
    Feature(
        "response", views=[response_list], policies=[response.policy],
        routes=[api_routes(invitation, "surveys"), form_routes(invitation, results_page.refuse, "surveys.read")],
    ),
    Feature("results", views=[answer_list], routes=[results_page.api, results_page.routes]),
    Feature("answering", routes=[answering.routes]),
)  # fmt: skip
build = partial(assemble, "surveys", features=FEATURES)
