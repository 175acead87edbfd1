"""The six services by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

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

    @cached_property
    def _module(self) -> ModuleType:
        return import_module(f"services.{self.name}.app")

    @property
    def build(self) -> "Callable[[Installation], FastAPI]":
        build: Callable[[Installation], FastAPI] = self._module.build
        return build

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
