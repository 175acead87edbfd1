"""Each service says which topics it writes and which it hears, and is made of what its folders declare."""

import re
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType

import pytest
from fastapi import APIRouter

from shared.events import OWNERS
from shared.features.action import Actions
from shared.features.feature import Feature
from shared.projections.policies import Policy
from shared.projections.view import View
from tests.security.routes import applications

BUILT = applications()
OFFERED = View | Policy | APIRouter
SERVICES = sorted(BUILT)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_writes_and_hears_what_it_says(service: str) -> None:
    said = import_module(f"services.{service}").__doc__ or ""
    found = re.search(r"Writes:\s+(.*?)\.\s+Hears:\s+(.*?)\.", said, re.DOTALL)
    assert found, f"services/{service}/__init__.py ends with `Writes: ... Hears: ...`"
    writes, hears = (set(re.findall(r"`([a-z]+)`", part)) for part in found.groups())
    runtime = BUILT[service].state.runtime
    assert writes == {topic for topic, owner in OWNERS.items() if owner == service}
    assert hears == {topic for reader in (*runtime.views, *runtime.policies) for topic in reader.topics}


@pytest.mark.parametrize("service", SERVICES)
def test_a_feature_is_a_folder_and_nothing_that_it_declares_is_left_out(service: str) -> None:
    package = import_module(f"services.{service}")
    modules = {name: import_module(name) for _, name, _ in walk_packages(package.__path__, f"{package.__name__}.")}
    features = features_of(modules[f"{package.__name__}.app"])
    assert {f"{package.__name__}.{feature.name}" for feature in features} <= modules.keys()
    declared = {id(value): value for module in modules.values() for value in vars(module).values()}
    runtime = BUILT[service].state.runtime
    offered = {id(one) for one in (*runtime.views, *runtime.policies)}
    offered |= {id(routes) for feature in features for routes in feature.routes}
    assert [one for id_, one in declared.items() if isinstance(one, OFFERED) and id_ not in offered] == []
    acting = {module.__name__ for feature in features for module in feature.actions}
    for actions in declared.values():
        if isinstance(actions, Actions) and acting:
            assert {action.decision.__module__ for action in actions.all.values()} == acting


def features_of(app: ModuleType) -> list[Feature]:
    """Those of `FEATURES`, and of one mode alone."""
    return [*app.FEATURES, *(value for value in vars(app).values() if isinstance(value, Feature))]
