"""A service with as little as shows what stands before every service: one action, one form, one body."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import tomli_w
from argon2 import PasswordHasher
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse

from shared.http.requests import Form, allow, asker
from shared.service.runtime import Runtime
from shared.service.settings import Settings
from tests.serving import Served, serve, settings

PASSWORD = "correct horse"
ADDRESS = "203.0.113.7"
HASHER = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1)


def build(given: Settings) -> FastAPI:
    app = Runtime("small", given).application("Small")

    @app.get("/api/v1/who")
    async def who(request: Request) -> dict[str, Any]:
        return {"id": asker(request).id, "role": asker(request).role}

    @app.get("/api/v1/cases", dependencies=[allow("cases.read")])
    async def cases() -> dict[str, str]:
        return {}

    @app.post("/api/v1/erasures", dependencies=[allow("people.erase")])
    async def erasures() -> dict[str, str]:
        return {}

    @app.post("/bodies")
    async def bodies(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    @app.post("/form")
    async def form(given: Form) -> PlainTextResponse:
        return PlainTextResponse(f"{len(given)} fields")

    return app


def accounts(folder: Path, **roles: str) -> Path:
    """A file of accounts with one password for all."""
    path = folder / "accounts.toml"
    hashed = HASHER.hash(PASSWORD)
    entries = {f"{n}@example.org": {"name": n.title(), "role": r, "password": hashed} for n, r in roles.items()}
    path.write_text(tomli_w.dumps(entries))
    return path


@asynccontextmanager
async def small(
    kafka: str, postgres: Callable[[str], str], beside: Served | None = None, **more: Any
) -> AsyncIterator[Served]:
    """A running one; `beside` another it is a second service of the same installation."""
    cluster = beside.runtime.settings.cluster if beside else None
    given = await settings(kafka, postgres("small"), cluster)
    async with serve(build, given.model_copy(update=more)) as served:
        yield served


def browser(served: Served, address: str = ADDRESS, **more: Any) -> httpx.AsyncClient:
    """A client from that address, which asks for pages and keeps cookies."""
    transport = httpx.ASGITransport(served.app, raise_app_exceptions=False, client=(address, 40_000))
    scheme = "https" if served.runtime.settings.secure else "http"
    more.setdefault("headers", {"Accept": "text/html"})
    return httpx.AsyncClient(transport=transport, base_url=f"{scheme}://test", **more)


async def csrf(client: httpx.AsyncClient) -> str:
    """The hidden field of the sign-in form, for this client as it is now."""
    page = (await client.get("/signin")).text
    return page.split('name="csrf" value="')[1].split('"')[0]


async def sign_in(client: httpx.AsyncClient, name: str, password: str = PASSWORD) -> httpx.Response:
    given = {"csrf": await csrf(client), "email": f"{name}@example.org", "password": password}
    return await client.post("/signin", data=given)
