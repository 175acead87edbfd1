"""Each service says which topics it writes and which it hears, and the code agrees."""

import re
from importlib import import_module

import pytest

from shared.events import OWNERS
from tests.security.routes import applications

BUILT = applications()


@pytest.mark.parametrize("service", sorted(BUILT))
def test_a_service_writes_and_hears_what_it_says(service: str) -> None:
    said = import_module(f"services.{service}").__doc__ or ""
    found = re.search(r"Writes:\s+(.*?)\.\s+Hears:\s+(.*?)\.", said, re.DOTALL)
    assert found, f"services/{service}/__init__.py ends with `Writes: ... Hears: ...`"
    writes, hears = (set(re.findall(r"`([a-z]+)`", part)) for part in found.groups())
    runtime = BUILT[service].state.runtime
    assert writes == {topic for topic, owner in OWNERS.items() if owner == service}
    assert hears == {topic for reader in (*runtime.views, *runtime.policies) for topic in reader.topics}
