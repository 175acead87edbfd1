"""Links and redirects lead to the configured address, whatever host a request names."""

import secrets

import httpx
import pytest

from tests.security.routes import filled, routes
from tests.security.site import Site, until

ELSEWHERE = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
READ = sorted(route for route in routes() if route.startswith("GET ") and not route.endswith("/live"))
LISTS = [
    "/api/v1/complaints", "/api/v1/cases", "/api/v1/mentions", "/api/v1/sentiments", "/api/v1/surveys/responses",
    "/api/v1/audit/checkpoints",
]  # fmt: skip


def told(answer: httpx.Response) -> str:
    return f"{answer.headers} {answer.text}"


@pytest.mark.parametrize("route", READ)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_no_answer_names_the_host_that_was_asked_for(site: Site, route: str, accept: str) -> None:
    _, address = filled(route, site.ids)
    for role in ("admin", "anonymous"):
        for path in (address, f"{address}/", f"{address}?page[size]=1"):
            answer = site.client(role).get(path, headers=ELSEWHERE | {"Accept": accept})
            assert answer.status_code < 500
            assert "evil.example" not in told(answer), path
            if answer.status_code == 307:
                assert answer.headers["location"].startswith((site.at.url, "/"))


@pytest.mark.parametrize("path", LISTS)
def test_the_next_page_of_every_list_is_at_the_configured_address(site: Site, path: str) -> None:
    admin, machine = site.client("admin"), site.client("machine")
    if path == "/api/v1/mentions":
        said = {"network": "reviews", "external_id": secrets.token_hex(6), "text": "Again"}
        until(lambda: machine.get(machine.post(path, json=said).headers["location"]).status_code == 200)
    if path == "/api/v1/audit/checkpoints":
        made = machine.post(path).json()
        assert machine.get(path, params={"at_least": made["position"]}).status_code == 200
    following = admin.get(path, params={"page[size]": 1}, headers=ELSEWHERE).json()["links"]["next"]
    assert following.startswith(f"{site.at.url}{path}?")
    assert admin.get(following).status_code == 200
