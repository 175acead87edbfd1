"""All services behind one port: each path goes to the service that owns it, as a gateway would send it.

Anybody may learn whether the site is well; its metrics and what each consumer does are the operator's.
"""

import asyncio
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
        answers = {name: await _ask(app, "/health/ready") for name, app in apps.items()}
        well = all(status == 200 for status, _ in answers.values())
        return JSONResponse({name: body["status"] for name, (_, body) in answers.items()}, 200 if well else 503)

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


async def _ask(app: FastAPI, path: str) -> tuple[int, Any]:
    import httpx  # noqa: PLC0415 - health is asked rarely

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        answer = await client.get(path)
    return answer.status_code, answer.json()


def openapi(apps: Mapping[str, FastAPI]) -> dict[str, Any]:
    """One document for all services; schemas are named after the service they come from."""
    merged: dict[str, Any] = {
        "openapi": "3.1.0", "info": {"title": "Recourse", "version": "1"}, "paths": {},
        "components": {"schemas": {}, "securitySchemes": {}},
    }  # fmt: skip
    for name, app in apps.items():
        document = _renamed(app.openapi(), name)
        merged["paths"] |= document.get("paths", {})
        schemas = document.get("components", {}).get("schemas", {})
        merged["components"]["schemas"] |= {f"{name}.{key}": value for key, value in schemas.items()}
        merged["components"]["securitySchemes"] |= document["components"]["securitySchemes"]
    return merged


def _renamed(value: Any, service: str) -> Any:
    """References follow the schemas' new names."""
    start = "#/components/schemas/"
    if isinstance(value, dict):
        return {k: _renamed(v, service) for k, v in value.items()}
    if isinstance(value, list):
        return [_renamed(v, service) for v in value]
    if isinstance(value, str) and value.startswith(start):
        return f"{start}{service}.{value.removeprefix(start)}"
    return value
