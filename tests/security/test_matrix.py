"""Who reaches what: every route, as every role, as `matrix.toml` and `MAY` say; nobody comes by another way."""

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from deploy.installation import ROLES
from shared.security.permissions import MAY, PROGRAMS
from tests.security.routes import filled, routes, table
from tests.security.site import EVERY_ROLE, STRANGERS, Site

PAGE, PROGRAM = "text/html", "application/json"
FORM = re.compile(r"^POST /(?!api/)")
API = re.compile(r"^\w+ /api/")
CELLS = [
    (route, role, accept)
    for route in sorted(table())
    for role in EVERY_ROLE
    for accept in (PROGRAM, PAGE)
    if accept == PROGRAM or not API.match(route)
]


def test_every_route_stands_in_the_table_once_and_every_line_has_a_route() -> None:
    assert routes() - set(table()) == set(), "routes that nobody has said who may reach"
    assert set(table()) - routes() == set(), "lines of the table without a route"
    assert set(table().values()) <= set(MAY) | {"anybody", "link", "nobody"}


def reaches(role: str, route: str) -> bool:
    """As the table and `MAY` say; a link opens what it names for whoever holds it; a form is for browsers."""
    action = table()[route]
    if role in PROGRAMS and FORM.match(route):
        return False
    if action in ("anybody", "link"):
        return True
    return action != "nobody" and role not in STRANGERS and role in MAY[action]


@contextmanager
def asked(site: Site, role: str, route: str, accept: str, ids: dict[str, str]) -> Iterator[httpx.Response]:
    """A stream that never ends is begun and left."""
    method, address = filled(route, ids)
    client = site.signed_in(role) if route == "POST /signout" and role in ROLES else site.client(role)
    headers = {"Accept": accept, "Idempotency-Key": "matrix"}
    if method == "GET":
        with client.stream("GET", address, headers=headers) as answer:
            if not answer.headers.get("content-type", "").startswith("text/event-stream"):
                answer.read()
            yield answer
    elif FORM.match(route):
        yield client.post(address, data={"csrf": site.csrf(client)}, headers=headers)
    else:
        yield client.request(method, address, json={}, headers=headers)


@pytest.mark.parametrize(("route", "role", "accept"), CELLS)
def test_a_role_reaches_what_the_table_says(site: Site, route: str, role: str, accept: str) -> None:
    with asked(site, role, route, accept, site.ids) as answer:
        assert answer.status_code < 500, answer.text
        if reaches(role, route):
            assert answer.status_code not in (401, 403), answer.text
            assert not sent_to_sign_in(answer) or route == "POST /signout"
            return
        if table()[route] == "nobody":
            assert answer.status_code == 404
        elif answer.is_redirect:
            assert sent_to_sign_in(answer)
            assert role in STRANGERS
        else:
            assert answer.status_code == (401 if role in STRANGERS else 403), answer.text
        assert not told(site, answer), "a refusal shows nothing"


def sent_to_sign_in(answer: httpx.Response) -> bool:
    return answer.status_code == 303 and answer.headers["location"].startswith("/signin?next=")


def told(site: Site, answer: httpx.Response) -> set[str]:
    """Which of the words that customers and staff wrote are in the answer."""
    if answer.headers.get("content-type", "").startswith("text/event-stream"):
        return set()
    return {name for name, word in site.words.items() if word in answer.text}


def test_words_are_read_by_those_who_may_whichever_way_they_come(site: Site) -> None:
    """List, page, search, export, trail: whatever shows a word is for those who may read that word, and all of them."""
    ways = {route: table()[route] for route in table() if route.startswith("GET ") and table()[route] in MAY}
    shown: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for route in ways:
        for role in EVERY_ROLE:
            with asked(site, role, route, PAGE, site.ids) as answer:
                for name in told(site, answer):
                    shown[name][role].add(route)
    readers = {"narrative": "complaints.read", "other": "complaints.read", "note": "cases.read",
               "mention": "mentions.read", "comment": "surveys.read"}  # fmt: skip
    for name, action in readers.items():
        assert set(shown[name]) == MAY[action] - set(STRANGERS), (name, dict(shown[name]))
    assert len({way for ways_of in shown["narrative"].values() for way in ways_of}) >= 4, "more than one way was tried"


def test_nobody_changes_anything_by_the_api_who_has_not_said_who_they_are() -> None:
    """What stands before every service refuses strangers there by the path, before a route is looked for."""
    changing = {route for route in table() if API.match(route) and not route.startswith("GET ")}
    assert len(changing) > 20
    assert {table()[route] for route in changing} <= set(MAY)


@pytest.mark.parametrize("search", ["/cases?q={}", "/api/v1/cases?q={}", "/audit?q={}", "/social?network={}"])
@pytest.mark.parametrize("role", STRANGERS)
def test_strangers_find_nothing_by_searching(site: Site, role: str, search: str) -> None:
    answer = site.client(role).get(search.format(site.words["narrative"]), headers={"Accept": PAGE})
    assert answer.status_code in (303, 401)
    assert site.words["narrative"] not in answer.text.replace(f"q%3D{site.words['narrative']}", "")


def test_a_stranger_reaches_only_what_a_customer_should() -> None:
    reached = {route for route in table() if reaches("anonymous", route)}
    assert {path for _, _, path in (route.partition(" ") for route in reached)} == {
        "/", "/complain", "/complain/link", "/complain/track/{signed}", "/complain/track/{signed}/messages",
        "/complain/track/{signed}/renewal", "/complain/track/{signed}/revocation", "/surveys/answer/{signed}",
        "/surveys/answer/{signed}/thanks",
        "/signin", "/signout", "/static", "/health/live", "/health/ready", "/openapi.json", "/asyncapi.json",
    }  # fmt: skip
