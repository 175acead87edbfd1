"""Routes for operators: liveness, readiness and metrics."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.telemetry import READY


def router(service: str, is_ready: Callable[[], bool], state: Callable[[], Mapping[str, Any]]) -> APIRouter:
    """No permission is asked for: the gateway leads nobody here."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @routes.get("/health/ready")
    async def ready() -> JSONResponse:
        well = is_ready()
        return JSONResponse({"status": "ready" if well else "not ready", **state()}, 200 if well else 503)

    @routes.get("/metrics")
    async def metrics() -> Response:
        READY.labels(service).set(is_ready())
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return routes
