"""Features: a service is a tuple of them, one for each of its folders, and is put together from what they offer."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

from fastapi import APIRouter, FastAPI

from shared.features import config
from shared.features.effect import Effect
from shared.features.timer import Timer
from shared.projections.policies import Policy
from shared.projections.view import View
from shared.service.runtime import Runtime
from shared.service.settings import Settings


@dataclass(frozen=True)
class Feature:
    """A folder's contribution to its service: views, routes and actions, and the work that runs beside them.

    `actions` are modules that declare actions of an aggregate; the feature with the aggregate's page has their routes.
    """

    name: str
    views: Sequence[View] = ()
    policies: Sequence[Policy | Callable[[Settings], Policy]] = ()
    routes: Sequence[APIRouter] = ()
    actions: Sequence[ModuleType] = ()
    timers: Sequence[Timer[Any]] = ()
    effects: Sequence[Effect[Any] | Callable[[Runtime], Effect[Any]]] = ()
    workers: Sequence[Callable[[Runtime], Awaitable[None]]] = ()


def assemble(service: str, settings: Settings, features: Sequence[Feature], *, rest: float = 0.25) -> FastAPI:
    """The service, which runs once its lifespan begins; `rest` as for `Runtime`."""
    config.check()
    views = [view for feature in features for view in feature.views]
    policies = [one if isinstance(one, Policy) else one(settings) for feature in features for one in feature.policies]
    runtime = Runtime(service, settings, views, policies, rest=rest)
    app = runtime.application(f"Recourse {service}")
    for feature in features:
        for one in (*feature.timers, *feature.effects):
            runtime.workers.append(partial((one if isinstance(one, Timer | Effect) else one(runtime)).run, runtime))
        runtime.workers += [partial(worker, runtime) for worker in feature.workers]
        for routes in feature.routes:
            app.include_router(routes)
    return app
