"""The six services by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType

from fastapi import FastAPI

from services.cases import app as cases
from services.intake import app as intake
from services.reporting import app as reporting
from services.sentiment import app as sentiment
from services.social import app as social
from services.surveys import app as surveys
from shared.runtime import Settings
from shared.view import View


@dataclass(frozen=True)
class Service:
    """How a service is built, what it shows, and the paths that are its own."""

    name: str
    build: Callable[[Settings], FastAPI]
    views: Sequence[View]
    paths: Sequence[str]


PATHS = {
    "intake": ("/", "/complain", "/intake", "/mailbox", "/api/v1/complaints", "/api/v1/people"),
    "cases": ("/cases", "/api/v1/cases"),
    "social": ("/social", "/api/v1/mentions"),
    "sentiment": ("/sentiment", "/api/v1/sentiments"),
    "surveys": ("/surveys", "/api/v1/surveys"),
    "reporting": ("/reports", "/audit", "/api/v1/reports", "/api/v1/audit"),
}


def _of(name: str, module: ModuleType) -> Service:
    return Service(name, module.build, module.VIEWS, PATHS[name])


SERVICES = {
    name: _of(name, module)
    for name, module in {
        "intake": intake, "cases": cases, "social": social, "sentiment": sentiment, "surveys": surveys,
        "reporting": reporting,
    }.items()
}  # fmt: skip
