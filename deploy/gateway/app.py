"""All services behind one port: each path goes to the service that owns it, as a gateway would send it.

Anybody may learn whether the site is well; its metrics and what each consumer does are the operator's.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from deploy.services import SERVICES
from shared.events.asyncapi import asyncapi
from shared.http.errors import add_problem_handlers
from shared.http.headers import security_headers
from shared.http.tracing import FASTAPIS_OWN
from shared.problems import NotFound

THREADS = 48
"""The stores and policies of six services work in threads, and some wait for each other."""


def gateway(apps: Mapping[str, FastAPI]) -> ASGIApp:
    """One application whose lifespan is that of all."""
    routes = sorted(
        ((path, app) for name, app in apps.items() for path in SERVICES[name].paths), key=lambda r: -len(r[0])
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
        async with AsyncExitStack() as stack:
            entered = [app.router.lifespan_context(app) for app in apps.values()]
            await asyncio.gather(*[stack.enter_async_context(context) for context in entered])
            yield

    routed = own_routes(apps)
    own = FastAPI(lifespan=lifespan, routes=[*routed], openapi_url=None, telemetry=FASTAPIS_OWN)
    own.add_middleware(security_headers)
    add_problem_handlers(own)
    ours, first = {route.path for route in routed}, next(iter(apps.values()))

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"] in ours:
            await own(scope, receive, send)
        else:
            await _owner(scope["path"], routes, first)(scope, receive, send)

    return dispatch


def own_routes(apps: Mapping[str, FastAPI]) -> list[Route]:
    """Paths that are one for all services, or that are not served on this port."""

    async def ready(request: Request) -> JSONResponse:
        said = {name: "ready" if app.state.runtime.ready else "not ready" for name, app in apps.items()}
        return JSONResponse(said, 503 if "not ready" in said.values() else 200)

    async def internal(request: Request) -> JSONResponse:
        raise NotFound("Metrics are for the operator's network: each service has them on its own port.")

    async def own_openapi(request: Request) -> JSONResponse:
        return JSONResponse(openapi(apps))

    async def own_asyncapi(request: Request) -> JSONResponse:
        return JSONResponse(asyncapi())

    return [
        Route("/health/ready", ready), Route("/metrics", internal), Route("/openapi.json", own_openapi),
        Route("/asyncapi.json", own_asyncapi),
    ]  # fmt: skip


def _owner(path: str, routes: Sequence[tuple[str, FastAPI]], first: FastAPI) -> FastAPI:
    """The service with the longest matching prefix; what belongs to none (sign-in, static) is alike in all."""
    for prefix, app in routes:
        if path == prefix or (prefix != "/" and path.startswith(prefix + "/")):
            return app
    return first


def openapi(apps: Mapping[str, FastAPI]) -> dict[str, Any]:
    """One document for all services; schemas, and what refers to them, are named after the service they come from."""
    paths: dict[str, Any] = {}
    components: dict[str, Any] = {"schemas": {}, "securitySchemes": {}}
    for name, app in apps.items():
        text = json.dumps(app.openapi()).replace('"#/components/schemas/', f'"#/components/schemas/{name}.')
        document = json.loads(text)
        paths |= document["paths"]
        components["schemas"] |= {f"{name}.{key}": schema for key, schema in document["components"]["schemas"].items()}
        components["securitySchemes"] |= document["components"]["securitySchemes"]
    return {
        "openapi": "3.1.0", "info": {"title": "Recourse", "version": "1"}, "paths": paths, "components": components,
    }  # fmt: skip
