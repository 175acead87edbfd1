"""Templates escape, refuse unknown names, and build links from the page's own address."""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from shared.web import templating
from shared.web.templating import STATIC, address, edition, query, safe_gettext, static, templates

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
COMPONENTS = '{% import "components.html" as ui %}'


def shown(source: str, **context: Any) -> str:
    return templates().from_string(COMPONENTS + source).render(context)


@pytest.fixture
def at_cases() -> Iterator[None]:
    token = address.set(("/cases", "view=mine&product=card&product=loan&after=9"))
    yield
    address.reset(token)


def test_unknown_names_are_errors_and_text_is_escaped() -> None:
    with pytest.raises(jinja2.UndefinedError):
        shown("{{ nobody }}")
    assert shown("{{ name }}", name="<b>") == "&lt;b&gt;"


def test_a_service_overrides_a_shared_template(tmp_path: Path) -> None:
    (tmp_path / "error.html").write_text("mine")
    assert templates(tmp_path).get_template("error.html").render() == "mine"


def test_query_keeps_the_rest_and_starts_again(at_cases: None) -> None:
    assert query(view="late") == "/cases?product=card&product=loan&view=late"
    assert query(product=None) == "/cases?view=mine"
    assert query(product=["a", "b"]) == "/cases?view=mine&product=a&product=b"
    assert query(after="10") == "/cases?view=mine&product=card&product=loan&after=10"
    assert query(view=None, product=None) == "/cases"


@given(st.text(max_size=20), st.text(min_size=1, max_size=20))
def test_query_carries_any_text(before: str, value: str) -> None:
    token = address.set(("/cases", ""))
    try:
        link = query(q=value, other=before)
    finally:
        address.reset(token)
    assert dict(parse_qsl(urlsplit(link).query, keep_blank_values=True)) == {"q": value, "other": before}


def test_static_addresses_are_of_an_edition() -> None:
    """Imports of a module are found beside it, so its address changes with any of them."""
    page, styles = static("script/page.js"), static("tokens.css")
    assert page == f"/static/{edition()}/script/page.js"
    assert styles.rpartition("/")[0] == page.removesuffix("/script/page.js")


def test_times_say_the_exact_instant_to_everyone() -> None:
    text = shown("{{ at|when(now) }}", at=NOW + timedelta(days=2, hours=4), now=NOW)
    assert 'datetime="2026-03-16T13:30:00+00:00"' in text
    assert 'title="16 March 2026, 13:30:00 UTC"' in text
    assert ">in 2 d 4 h<" in text
    assert shown("{{ none|when }}{{ none|day }}") == "––"


def test_a_day_is_that_of_the_exact_instant_beside_it() -> None:
    late = datetime(2026, 3, 14, 23, 30, tzinfo=timezone(-timedelta(hours=5)))
    page = templates().from_string("{{ at|day }} {{ at|exact }} {{ at.date()|day }}")
    assert page.render(at=late) == "15 March 2026 15 March 2026, 04:30:00 UTC 14 March 2026"


def test_a_clock_always_has_words() -> None:
    late = shown("{{ ui.clock(due, due, now) }}", due=NOW - timedelta(hours=3), now=NOW)
    assert "3 h late" in late
    assert "clock-danger" in late
    assert "Paused" in shown("{{ ui.clock(now, now, now, paused=true) }}", now=NOW)


def test_a_failed_field_is_described_and_keeps_its_words() -> None:
    text = shown('{{ ui.field("email", "Email", "a@b", "Enter an address", "We write to it") }}')
    assert 'aria-describedby="f-email-hint f-email-error"' in text
    assert 'aria-invalid="true"' in text
    assert 'value="a@b"' in text
    assert 'href="#f-email"' in shown('{{ ui.error_summary({"email": "Enter an address"}) }}')


def test_a_password_is_never_sent_back() -> None:
    assert "secret" not in shown('{{ ui.field("password", "Password", "secret", type="password") }}')


def test_callers_words_are_escaped_in_every_place() -> None:
    evil = '"><script>'
    text = shown(
        '{{ ui.button(e, attrs={"data-x": e}) }}{{ ui.badge(e) }}{{ ui.row_check(e, e) }}{{ ui.status_badge(e) }}'
        "{{ ui.textarea(e, e, e, e, e) }}{{ ui.timeline([{'who': e, 'at': now, 'kind': 'in', 'text': e, 'body': e}]) }}"
        "{{ ui.toast(e, e, e, {e: e}) }}{{ ui.key_value([(e, e)]) }}{{ ui.tabs([(e, e, e)], e) }}",
        e=evil,
        now=NOW,
    )
    assert "<script" not in text
    assert '=""' not in text.replace('value=""', "")


def test_a_sorted_column_says_so(at_cases: None) -> None:
    text = shown('{{ ui.th_sort("Due", "due", "due") }}')
    assert 'aria-sort="ascending"' in text
    assert "sort=-due" in text


def test_a_list_that_keeps_up_says_nothing() -> None:
    assert shown("{{ ui.partial_notice(0.2) }}").strip() == ""
    assert "This list is 1 second behind" in shown("{{ ui.partial_notice(1) }}")
    assert "This list is 40 seconds behind" in shown("{{ ui.partial_notice(40.4) }}")


TEMPLATES = sorted((templating.HERE.parents[1]).glob("s*/**/templates/*.html"))


def test_nothing_inline_that_the_policy_would_refuse() -> None:
    assert len(TEMPLATES) > 30
    for path in TEMPLATES:
        found = re.search(
            r"""<script(?![^>]* src=)|<style|\s(style|on[a-z]+|hx-on[^=]*)=|["']js(avascript)?:""", path.read_text()
        )
        assert found is None, (path, found)


def test_modules_of_the_script_stay_small() -> None:
    modules = sorted((STATIC / "script").iterdir())
    assert {path.suffix for path in modules} == {".js"}
    assert [path.name for path in modules if len(path.read_text().splitlines()) >= 150] == []


def test_htmx_is_the_file_that_was_published() -> None:
    said = (STATIC / "htmx/README.md").read_text()
    version, digest = re.findall(r"^\| (?:Version|SHA-256) \| `?([\w.]+)`? \|$", said, re.MULTILINE)
    file = (STATIC / "htmx/htmx.esm.min.js").read_bytes()
    assert hashlib.sha256(file).hexdigest() == digest
    assert f'version="{version}"'.encode() in file
    assert "Zero-Clause BSD" in (STATIC / "htmx/LICENSE").read_text()


@pytest.mark.parametrize("label", ["0% finance", "100%", "100 % refund", "A & B <b>"])
def test_a_label_of_a_firm_is_shown_as_it_is(label: str) -> None:
    assert str(safe_gettext(label)) == str(escape(label))
