"""Every route of the six services, as the public port has them, and the table that says whose each is."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from deploy.gateway.app import own_routes
from deploy.installation import Installation
from deploy.services import SERVICES

TABLE = Path(__file__).with_name("matrix.toml")
OUR_STATIC = "recourse.css"


@cache
def applications() -> dict[str, FastAPI]:
    """Built as the embedded mode builds them, which has all routes; nothing is started."""
    settings = Installation(
        postgres="postgresql://nowhere", kafka="nowhere:9092", master_key="00" * 32, secret="none", smtp="nowhere:25",
        embedded=True,
    )  # fmt: skip
    return {name: service.build(settings) for name, service in SERVICES.items()}


@cache
def routes() -> frozenset[str]:
    """`GET /cases/{case_id}`, for every method and path."""
    apps = applications()
    everything = [route for app in apps.values() for route in app.routes] + own_routes(apps)
    return frozenset(
        f"{method} {context.path}"
        for context in iter_route_contexts(everything)
        for method in (context.methods or {"GET"}) - {"HEAD"}
    )


@cache
def table() -> dict[str, str]:
    """Route to action."""
    return {route: action for action, its in tomllib.loads(TABLE.read_text()).items() for route in its}


def filled(route: str, ids: Mapping[str, str]) -> tuple[str, str]:
    """Method and address of the route, with real ids in its places."""
    method, _, path = route.partition(" ")
    ended = path.endswith(("/renewal", "/revocation"))
    signed = ids["survey" if "/surveys/" in path else "spent" if ended else "track"]
    address = re.sub(r"{(\w+)}", lambda place: signed if place[1] == "signed" else ids[place[1]], path)
    return method, f"{address}/{OUR_STATIC}" if path == "/static" else address
