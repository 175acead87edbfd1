"""The six services by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from deploy.installation import Installation
from shared.projections.view import View

if TYPE_CHECKING:
    from fastapi import FastAPI


@dataclass(frozen=True)
class Service:
    """A service: its builder, its views, and the paths that are its own.

    Its code is imported when it is first asked for: a process that serves one holds the libraries of one.
    """

    name: str
    paths: Sequence[str]

    @property
    def _module(self) -> Any:
        return import_module(f"services.{self.name}.app")

    def build(self, at: Installation) -> "FastAPI":
        app: FastAPI = self._module.build(at)
        return app

    @property
    def views(self) -> Sequence[View]:
        return [view for feature in self._module.FEATURES for view in feature.views]


SERVICES = {
    service.name: service
    for service in (
        Service("intake", ("/", "/complain", "/intake", "/mailbox", "/api/v1/complaints", "/api/v1/people")),
        Service("cases", ("/cases", "/api/v1/cases")),
        Service("social", ("/social", "/api/v1/mentions")),
        Service("sentiment", ("/sentiment", "/api/v1/sentiments")),
        Service("surveys", ("/surveys", "/api/v1/surveys")),
        Service("reporting", ("/reports", "/audit", "/api/v1/reports", "/api/v1/audit")),
    )
}
