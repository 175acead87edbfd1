"""Puts social together: the only place that reads its settings."""

from fastapi import FastAPI

from services.social.inbox import http
from services.social.inbox import page as pages
from services.social.inbox.view import inbox
from services.social.mention.commands import Social
from shared.service.runtime import Runtime
from shared.service.settings import Settings

VIEWS = (inbox,)
PATHS = ("/social", "/api/v1/mentions")


def build(settings: Settings) -> FastAPI:
    """The running service, once its lifespan begins."""
    runtime = Runtime("social", settings, VIEWS)
    social = Social(runtime)
    app = runtime.application("Recourse social")
    app.include_router(http.router(social))
    app.include_router(pages.router(social))
    return app
