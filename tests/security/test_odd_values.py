"""Values that systems trip over, in every parameter of every address and in every field of every form."""

import base64
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.security.leaks import INSIDE, is_told
from tests.security.routes import applications, filled, routes
from tests.security.site import Site

ROOT = Path(__file__).parents[2]
UUIDS = '"00000000-0000-0000-0000-000000000000"'
CURSORS = [
    base64.urlsafe_b64encode(text.encode()).decode()
    for text in (
        "null", "{}", "[]", "[null]", "[null, null]", "[" * 400, f'["9999-12-31T23:59:59-23:59", {UUIDS}]',
        f'["0001-01-01T00:00:00+23:59", {UUIDS}]', f'["294277-01-01", {UUIDS}]', f"[1e308, {UUIDS}]", f"[NaN, {UUIDS}]",
        f"[{'9' * 300}, {UUIDS}]", f"[-{'9' * 40}, \"2026-01-01T00:00:00Z\", {UUIDS}]", f"[1e400, {UUIDS}]",
        f"[3000000000, \"2026-01-01T00:00:00Z\", {UUIDS}]", '["2026-01-01T00:00:00Z", "\\u0000"]',
        "[9223372036854775808]", f"[{'9' * 200}]", "[-1]",
        f'["2026-01-01T00:00:00", {UUIDS}]', f'["2026-01-01T00:00:00Z", {UUIDS}, {UUIDS}]', '["inf", "nan"]',
    )
]  # fmt: skip
ODD = [
    "", " ", "\0", "a\0b", "\ud7ff", "\uffff", "\ufffe\ufdd0\U0010fffe", "\U0001f600" * 40,
    "é" * 199, "x" * 10_000, "'", '"', "\\", "%", "_",
    "--", ";", "' or 1=1 --", "{{7*7}}", "<script>alert(1)</script>", "../../etc/passwd", "\r\nSet-Cookie: a=b", "0",
    "-1", "1e400", "NaN", "Infinity", "9" * 40, "-" + "9" * 40, "9223372036854775808", "2147483648", "true", "null",
    "[]", "{}", "0001-01-01", "9999-12-31", "10000-01-01", "0000-00-00", "2026-02-30", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59.999999Z", "2026-01-01T00:00:00",
    "2026-01-01T00:00:00+99:99", "infinity", "now", "epoch",
    "-4712-01-01", "2026-W01-1", "20260101", "t-cases/0:1", "cases/9999:1", "a/0:999999999999999999", "& | !",
    "a & & b", ":*", "00000000-0000-0000-0000-000000000000",
]  # fmt: skip
RAW = ["%ff", "%c3%28", "%00", "%ed%a0%80", "%", "%zz"]
"""As they stand in the address: not UTF-8, half a character, no escape at all."""


@cache
def parameters() -> dict[str, list[str]]:
    """Of each route that is read: the names of what its address may ask."""
    return {
        route.path: sorted(_asked(route.dependant))
        for app in applications().values()
        for route in (context.original_route for context in iter_route_contexts(app.routes))
        if isinstance(route, APIRoute) and "GET" in (route.methods or ())
    }


def _asked(dependant: Dependant) -> set[str]:
    return {one.alias for one in dependant.query_params}.union(*map(_asked, dependant.dependencies))


READ = [(path, name) for path, names in sorted(parameters().items()) for name in names]
"""A page reads its parameters as its API does and costs far more, so each of them gets a third of the values."""


def test_every_address_with_parameters_is_asked() -> None:
    assert len(READ) > 60


@pytest.mark.parametrize(("path", "name"), READ)
def test_an_odd_value_is_an_answer_or_a_refusal(site: Site, path: str, name: str) -> None:
    _, address = filled(f"GET {path}", site.ids)
    client, page = site.client("admin"), not path.startswith("/api/")
    headers = {"Accept": "text/html" if page else "application/json"}
    odd = ODD + (CURSORS if name.endswith(("after]", "before]")) else [])
    values = [quote(one.encode("utf-8", "surrogatepass"), safe="") for one in odd] + RAW
    for value in values[READ.index((path, name)) % 3 :: 3] if page else values:
        answer = client.get(f"{address}?{quote(name)}={value}", headers=headers)
        assert answer.status_code < 500, (value, answer.text[:2000])
        assert not INSIDE.search(answer.text) or answer.status_code == 200, (value, answer.text[:2000])
        assert "<script>alert" not in answer.text, value
        assert "set-cookie: a" not in str(answer.headers).lower(), value
        if answer.status_code >= 400 and not (path == "/audit" and answer.status_code == 404):
            is_told(answer, page=page)


FORMS = sorted(route for route in routes() if route.startswith("POST /") and not route.startswith("POST /api/"))
WITHOUT = {"POST /signout", "POST /signin"}


def names() -> Iterator[str]:
    """Of every field of every page."""
    for page in (*ROOT.glob("services/*/templates/*.html"), *ROOT.glob("shared/web/templates/*.html")):
        yield from re.findall(r'name="([a-z_]+)"', page.read_text())
        yield from re.findall(
            r'ui\.(?:input|textarea|choice|select|field|checkbox|radios)\("([a-z_]+)"', page.read_text()
        )


FIELDS = sorted(
    {*names(), "do", "id", "priority", "text", "reason", "step", "go", "key", "form_name", "handler"} - {"csrf"}
)
VALUES = st.one_of(
    st.sampled_from([odd for odd in ODD if len(odd) < 5000]),
    st.text(max_size=60),
    st.sampled_from(["about", "check", "1", "5"]),
)


@pytest.mark.parametrize("route", FORMS)
def test_a_form_with_odd_values_is_taken_or_comes_back(site: Site, route: str) -> None:
    client = site.signed_in("admin") if route in WITHOUT else site.client("admin")
    csrf, (_, address) = site.csrf(client), filled(route, site.ids)

    @seed(20261122)
    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(form=st.dictionaries(st.sampled_from(FIELDS), st.one_of(VALUES, st.lists(VALUES, max_size=3)), max_size=8))
    def send(form: dict[str, str | list[str]]) -> None:
        data = {
            name: [_sent(one) for one in ([value] if isinstance(value, str) else value)] for name, value in form.items()
        }
        answer = client.post(address, data=data | {"csrf": csrf}, headers={"Accept": "text/html"})
        assert answer.status_code < 500, answer.text[:2000]
        assert "<script>alert" not in answer.text
        assert not INSIDE.search(answer.text) or answer.status_code == 200
        if answer.is_redirect:
            assert answer.headers["location"].startswith("/"), "nobody is sent elsewhere"
            assert not answer.headers["location"].startswith("//")

    send()


def _sent(value: str) -> str:
    return value.encode("utf-8", "replace").decode()
