"""Every page in a pseudo-language: whatever people read is a message of the source catalogue, or data."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import httpx
import pytest

from tests import messages
from tests.security.routes import filled, routes
from tests.security.site import Site

READ_OUT = {"aria-label", "title", "placeholder", "alt", "data-label", "data-saved", "data-restored"}
SILENT = ("script", "style", "code", "pre", "kbd", "time")
DATA = re.compile(r"")


class Words(HTMLParser):
    """The texts and the attributes that people see or hear, without what is data by its element."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT or ("words" in (dict(attrs).get("class") or "").split()):
            self.silent.append(tag)
        self.found += [value for name, value in attrs if name in READ_OUT and value]

    def handle_endtag(self, tag: str) -> None:
        if self.silent and self.silent[-1] == tag:
            self.silent.pop()

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(" ".join(data.split()))


def untranslated(page: str) -> Iterator[str]:
    """What is left of each text without its messages and without data."""
    for text in Words(page).found:
        left, before = text, ""
        while left != before:
            before, left = left, re.sub(f"{messages.OPEN}[^{messages.OPEN}{messages.CLOSE}]*{messages.CLOSE}", "", left)
        if re.search(r"[^\W\d_]", left):
            yield left.strip()


def test_the_source_catalogue_is_up_to_date() -> None:
    assert messages.SOURCE.read_text() == messages.extracted(), "run make messages"


def test_every_word_of_every_page_can_be_translated(site: Site) -> None:
    seen: dict[str, set[str]] = {}
    for route in sorted(routes()):
        method, path = filled(route, site.ids)
        if method != "GET" or path.startswith("/api/") or path.endswith(("/live", ".csv", ".json", ".py", "metrics")):
            continue
        for role in ("admin", "leader", "auditor", "anonymous"):
            answer = site.client(role).get(path, headers={"Accept": "text/html", "X-Pseudo": "1"})
            if "text/html" in answer.headers.get("content-type", ""):
                for text in untranslated(answer.text):
                    seen.setdefault(text, set()).add(path)
    import json

    json.dump({k: sorted(v)[:3] for k, v in seen.items()}, open("/tmp/seen.json", "w"), indent=1, ensure_ascii=False)
    assert seen == {}
