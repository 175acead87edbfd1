"""Requests that the API's own description suggests, good and bad: none is answered with a failure of ours, and every
answer is as described. `REQUESTS` says how many are sent."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from deploy.gateway.app import openapi
from tests.security.routes import applications
from tests.security.site import Site

CASES = int(os.environ.get("REQUESTS", "2500"))
SEED = 20261122
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
    negative_data_rejection,
]  # fmt: skip
TOLD = schemathesis.Config.from_dict(
    {
        "generation": {"with-security-parameters": False},
        "checks": {"negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 409, 413, 415, 422]}},
    }
)
"""Who asks is another test's matter."""
DESCRIBED = schemathesis.openapi.from_dict(openapi(applications()), config=TOLD)
OPERATIONS = {found.ok().label: found.ok() for found in DESCRIBED.get_all_operations() if isinstance(found, Ok)}
FIXED = {label for label, one in OPERATIONS.items() if not (one.body or one.query or one.path_parameters)}
"""They take nothing, so there is one request of each."""
SHARE = -(-CASES // (2 * (len(OPERATIONS) - len(FIXED))))


@pytest.fixture(scope="module")
def http(site: Site) -> Iterator[requests.Session]:
    """As an administrator's program: whoever may do most finds most."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {site.at.token('admin', 'tests')}"
        yield session


@pytest.mark.parametrize(
    ("label", "mode"), [(o, m) for o in OPERATIONS for m in GenerationMode if m.is_positive or o not in FIXED]
)
def test_every_answer_is_as_described(site: Site, http: requests.Session, label: str, mode: GenerationMode) -> None:
    """Good requests name things that exist, so that what lies behind a 404 is tried too."""
    operation, ran = OPERATIONS[label], 0
    named = {place.name: site.ids[place.name] for place in operation.path_parameters if place.name in site.ids}
    cases = operation.as_strategy(mode)
    if named and mode is GenerationMode.POSITIVE:
        cases |= operation.as_strategy(mode, path_parameters=named)

    @seed(SEED)
    @settings(
        max_examples=SHARE,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def ask(case: Case[Any]) -> None:
        nonlocal ran
        ran += 1
        case.call_and_validate(site.at.url, http, checks=CHECKS, timeout=60)

    ask()
    assert ran >= SHARE or label in FIXED, f"{ran} cases"


@pytest.mark.parametrize("label", OPERATIONS)
def test_no_operation_is_done_for_a_stranger(site: Site, http: requests.Session, label: str) -> None:
    """With no token, and with one that is not ours, whatever is asked for."""

    @seed(SEED)
    @settings(
        max_examples=5, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(case=OPERATIONS[label].as_strategy())
    def ask(case: Case[Any]) -> None:
        for headers in ({}, {"Authorization": "Bearer recourse_AAAA"}):
            assert case.call(site.at.url, headers=headers).status_code in (401, 422)

    ask()
