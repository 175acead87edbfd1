"""Every page in a pseudo-language: whatever people read is a message of the source catalogue, or data."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from tests import messages
from tests.security.routes import filled, routes
from tests.security.site import Site

READ_OUT = {"aria-label", "title", "placeholder", "alt", "data-label", "data-saved", "data-restored", "data-unsent"}
INLINE = {"span", "a", "strong", "time", "code", "em", "svg", "input"}
SILENT = {"script", "style", "kbd", "pre"}
MESSAGE = re.compile(rf"{messages.OPEN}[^{messages.OPEN}{messages.CLOSE}]*(?:{messages.CLOSE}|\.\.\.$)")
SEEN_BY = ("admin", "leader", "auditor", "handler", "anonymous")
PAGES = {"Accept": "text/html", messages.PSEUDO: "1"}
DATA = re.compile(
    r"""[\w.]+@example\.org | \b[2-9A-Z]{4}-[2-9A-Z]{4}\b | \b[0-9a-f]{16,}\b | \b[\w+/]{43}=
    | (?:\b\w+/)?\b[0-9a-f]{8}-[-0-9a-f]{27}(?:/\d+)? | \b\w+/\d+\b | \b[a-z]+(?:[.:][\w-]+)+ | \d{4}-\d\d-\d\dT[\d:.]+Z
    | \bUTC\b | \bDISP\ [\d.]+R | \b[A-Z]{3}\ –\ .* | \bvader-[\d.+]+ | ^[A-Z]$ | ^(?:api|customer|mastodon,?|\(post\))$
    | We\ have\ your\ complaint | How\ did\ we\ do\? | python\ check.py\ .* | pip\ install\ \w+""",
    re.VERBOSE,
)
"""Seeded data on the pages: names, references, accounts, times, currencies, stored subjects."""


class Words(HTMLParser):
    """The texts that people see or hear, each as long as it reads in one."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found, self.silent = [""], ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if not self.silent and (tag in SILENT or "words" in (given.get("class") or "").split()):
            self.silent = tag
        if tag not in INLINE:
            self.found.append("")
        if tag != "time":
            self.found[:0] = [value for name, value in attrs if name in READ_OUT and value]

    def handle_endtag(self, tag: str) -> None:
        if tag == self.silent:
            self.silent = ""
        if tag not in INLINE:
            self.found.append("")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found[-1] += data


def untranslated(page: str, data: list[str]) -> Iterator[str]:
    """The rest of each text without its messages and without data."""
    for text in Words(page).found:
        left = " ".join(text.split())
        while (less := MESSAGE.sub("", left)) != left:
            left = less
        for known in data:
            left = left.replace(known, "")
        if re.search(r"[^\W\d_]", DATA.sub("", left.strip())):
            yield " ".join(text.split())


def test_the_source_catalogue_is_up_to_date() -> None:
    assert messages.SOURCE.read_text() == messages.extracted(), "run make messages"


def test_every_word_of_every_page_can_be_translated(site: Site) -> None:
    data = [*site.words.values(), "Somebody", "Forget me.", "Close me.", "Credit card", *map(str.title, SEEN_BY)]
    seen: dict[str, set[str]] = {}
    shown = 0
    for role, method, path, form in asked(site):
        client = site.client(role)
        sent = {"csrf": site.csrf(client)} | form if method == "POST" else None
        answer = client.request(method, path, data=sent, headers=PAGES)
        if "text/html" in answer.headers.get("content-type", ""):
            shown += 1
            for text in untranslated(answer.text, data):
                seen.setdefault(text, set()).add(path)
    assert shown > 50
    assert seen == {}


def asked(site: Site) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """Every page as everybody sees it, and forms that are refused."""
    for route in sorted(routes()):
        method, path = filled(route, site.ids)
        if method == "GET" and not path.startswith(("/api/", "/styleguide")) and not path.endswith(("/live", ".json")):
            yield from ((role, method, path, {}) for role in SEEN_BY)
    for view in ("mine", "unassigned", "all", "closed", "late", "alerts", "red"):
        yield "handler", "GET", f"/cases?view={view}", {}
    yield from (("handler", "GET", f"/cases?q={query}&priority=high", {}) for query in ("nothing", "complaint"))
    case = f"/cases/{site.ids['case_id']}"
    aspect = f"{case}/aspects/{site.ids['aspect_id']}"
    for path in (
        f"{case}/notes",
        f"{case}/priority",
        f"{case}/closing",
        f"{case}/reopening",
        f"{case}/aspects",
        f"{aspect}/resolution",
        f"{aspect}/correction",
        f"{aspect}/classification",
    ):
        yield "handler", "POST", path, {"version": "1"}
        yield "handler", "POST", path, {}
    yield "handler", "POST", f"{aspect}/resolution", {"outcome": "upheld", "redress": "refund", "amount": "1.2345"}
    yield "handler", "POST", "/cases/bulk", {}
    yield "anonymous", "POST", "/signin", {"email": "nobody", "password": "wrong"}
    yield "anonymous", "POST", "/complain/link", {}
    for step in ("happened", "about", "you"):
        yield "anonymous", "POST", "/complain", {"step": step, "product": "None", "email": "nobody", "key": "x" * 10}
    yield "anonymous", "POST", "/complain", {"step": "happened", "narrative": "It went wrong.", "key": "x" * 10}
    yield "anonymous", "POST", "/complain", {"step": "about", "narrative": "It went wrong.", "key": "x" * 10}
    yield (
        "leader",
        "POST",
        "/complain",
        {"step": "happened", "channel": "none", "received": "1999-01-01", "key": "x" * 10},
    )
    yield "anonymous", "POST", f"/surveys/answer/{site.ids['survey']}", {}
    yield "leader", "POST", f"/social/{site.ids['mention_id']}/dismissal", {"reason": "none"}
    yield "leader", "POST", f"/intake/people/{site.ids['person_id']}/erasure", {}
    yield "anonymous", "POST", f"{case}/notes", {"text": "Signed out"}
    yield "handler", "GET", "/nowhere", {}
    yield "auditor", "POST", f"{case}/notes", {"text": "Not allowed"}
