"""Routes for operators: liveness, readiness and metrics."""

from collections.abc import Mapping
from typing import Any, Protocol

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.telemetry import READY


class Watched(Protocol):
    """A service as its operators see it."""

    service: str

    @property
    def ready(self) -> bool: ...

    def state(self) -> Mapping[str, Any]: ...


def router(watched: Watched) -> APIRouter:
    """No permission is asked for: the gateway leads nobody here."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @routes.get("/health/ready")
    async def ready() -> JSONResponse:
        well = watched.ready
        return JSONResponse({"status": "ready" if well else "not ready", **watched.state()}, 200 if well else 503)

    @routes.get("/metrics")
    async def metrics() -> Response:
        READY.labels(watched.service).set(watched.ready)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return routes
