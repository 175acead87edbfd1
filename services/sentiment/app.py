"""Sentiment, put together from its features."""

from functools import partial

from services.sentiment.card import page
from services.sentiment.card.view import measurements
from services.sentiment.measuring import policy as measuring
from shared.features.feature import Feature, assemble

FEATURES = (
    Feature("measuring", policies=[measuring.policy]),
    Feature("card", views=[measurements], routes=[page.api, page.routes]),
)
build = partial(assemble, "sentiment", features=FEATURES)
