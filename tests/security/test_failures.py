"""Whatever is wrong with a request, it is told in the one form, says what to do and shows nothing of the inside."""

from collections import defaultdict
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.security.leaks import is_told
from tests.security.routes import filled, routes
from tests.security.site import Site

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PAGE, PROGRAM = "text/html", "application/json"
TAKEN: dict[str, set[str]] = defaultdict(set)
for one in routes():
    TAKEN[one.partition(" ")[2]].add(one.partition(" ")[0])
MOUNTED = "/static"
API = sorted(path for path in TAKEN if path.startswith("/api/"))
SENT = sorted(one for one in routes() if one.startswith(("POST /api/", "PUT /api/")))
WITH_ID = sorted(one for one in routes() if "_id}" in one or "{subject}" in one)


def accepts(path: str) -> list[str]:
    return [PROGRAM] if path.startswith("/api/") else [PROGRAM, PAGE]


@pytest.mark.parametrize("path", sorted(set(TAKEN) - {MOUNTED}))
def test_a_method_that_is_not_taken(site: Site, path: str) -> None:
    _, address = filled(f"GET {path}", site.ids)
    for method in set(METHODS) - TAKEN[path]:
        for accept in accepts(path):
            answer = site.client("admin").request(method, address, headers=site.from_here(accept))
            if answer.status_code in (404, 422):
                continue  # another route has an address like this one
            assert answer.status_code == 405, (method, address, answer.text)
            is_told(answer, page=accept == PAGE)


@pytest.mark.parametrize("accept", [PROGRAM, PAGE])
@pytest.mark.parametrize(
    "address",
    ["/nowhere", "/cases/nowhere/at/all", "/complain/nothing", "/social/a/b", "/surveys/x/y", "/reports/none",
     "/static/none.css", "/static/../pyproject.toml", "/static/..%2f..%2fpyproject.toml", "/.env", "/.git/config",
     "/complain/track/nothing", "/surveys/answer/nothing", "/metrics", "/docs", "/redoc"],
)  # fmt: skip
def test_an_address_where_nothing_is(site: Site, address: str, accept: str) -> None:
    answer = site.client("admin").get(address, headers={"Accept": accept})
    assert answer.status_code == 404
    is_told(answer, page=accept == PAGE)


def test_the_api_tells_programs_of_an_address_where_nothing_is(site: Site) -> None:
    for accept in (PROGRAM, PAGE, "*/*", "image/png", ""):
        is_told(site.client("admin").get("/api/v1/nowhere", headers={"Accept": accept}), page=False)


@pytest.mark.parametrize("route", WITH_ID)
@pytest.mark.parametrize(
    "id_", ["x", "0", "'; drop table cases; --", "%00", "\ud7ff", "%2e%2e%2f", str(UUID(int=7)) + "0"]
)
def test_an_id_that_is_none(site: Site, route: str, id_: str) -> None:
    method, address = filled(route, dict.fromkeys(site.ids, id_))
    client = site.client("admin")
    sent: dict[str, Any] = {"json": {}} if address.startswith("/api/") else {"data": {"csrf": site.csrf(client)}}
    for accept in accepts(address):
        answer = client.request(method, address, headers=site.from_here(accept), **({} if method == "GET" else sent))
        if answer.status_code == 307:
            continue  # a slash too many
        is_told(answer, page=accept == PAGE)


@pytest.mark.parametrize("route", SENT)
@pytest.mark.parametrize(
    ("kind", "body"),
    [("application/json", b"{"), ("application/json", b""), ("application/json", b"\xff\xfe"),
     ("application/json", b"[" * 20_000), ("application/json", b"null"), ("application/json", b"NaN"),
     ("application/json", b'{"narrative": "\\ud800"}'), ("application/json", b'{"a": ' + b"9" * 5000 + b"}"),
     ("application/xml", b"<a/>"), ("text/plain", b"x"), ("application/x-www-form-urlencoded", b"a=b"),
     ("multipart/form-data", b"x"), ("", b"x"), ("application/json; charset=utf-7", b"+AHs-")],
)  # fmt: skip
def test_a_body_that_cannot_be_read(site: Site, route: str, kind: str, body: bytes) -> None:
    """Nothing is taken from it; what needs no body may be done without looking at it."""
    method, address = filled(route, site.ids | {"person_id": str(uuid4()), "complaint_id": str(uuid4())})
    headers = site.from_here(PROGRAM) | {"Content-Type": kind, "Idempotency-Key": uuid4().hex}
    answer = site.machine.request(method, address, content=body, headers=headers)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        is_told(answer, page=False)


def test_a_stranger_is_told_to_sign_in_and_a_colleague_whom_to_ask(site: Site) -> None:
    """A person and a program, each in their form."""
    erasure = f"/api/v1/people/{uuid4()}/erasure"
    for role, status, word in (("anonymous", 401, "Sign in"), ("handler", 403, "administrator")):
        told = site.client(role).post(erasure, headers=site.from_here(PROGRAM))
        is_told(told, page=False)
        assert (told.status_code, word in told.text) == (status, True)
    page = site.client("handler").get("/audit", headers={"Accept": PAGE})
    is_told(page, page=True)
    assert (page.status_code, "administrator" in page.text) == (403, True)
