"""Sentiment, put together from its features."""

from fastapi import FastAPI

from services.sentiment.card import http, page
from services.sentiment.card.view import measurements
from services.sentiment.measuring import policy as measuring
from shared.features.feature import Feature, assemble
from shared.service.settings import Settings

FEATURES = (
    Feature("measuring", policies=[measuring.policy]),
    Feature("card", views=[measurements], routes=[http.routes, page.routes]),
)


def build(settings: Settings) -> FastAPI:
    return assemble("sentiment", settings, FEATURES)
