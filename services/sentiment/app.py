"""Puts sentiment together: the only place that reads its settings."""

from fastapi import FastAPI

from services.sentiment.card import http
from services.sentiment.card import page as pages
from services.sentiment.card.view import measurements
from services.sentiment.measuring.policy import policies
from shared.service.runtime import Runtime
from shared.service.settings import Settings

VIEWS = (measurements,)
PATHS = ("/sentiment", "/api/v1/sentiments")


def build(settings: Settings) -> FastAPI:
    """The running service, once its lifespan begins."""
    runtime = Runtime("sentiment", settings, VIEWS, policies())
    app = runtime.application("Recourse sentiment")
    app.include_router(http.router())
    app.include_router(pages.router(runtime))
    return app
