"""People who tell us things by every way in; each thing that they say is a word of its own that can be looked for."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg

from deploy.cli.operations import database
from deploy.installation import Installation

PREFIX = "zq" + secrets.token_hex(4)
WORD = re.compile(PREFIX.encode() + rb"[0-9a-f]{8}")
OPEN = f"Firm {secrets.token_hex(8)}"
"""Said in a field that is not personal: it is everywhere, before and after, or the search finds nothing at all."""


@dataclass
class Seeds:
    """What was said, by what it is, and whose complaints, cases and mentions it is in."""

    words: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)

    def word(self, what: str) -> str:
        self.words[what] = PREFIX + secrets.token_hex(4)
        return self.words[what]

    @property
    def sought(self) -> set[bytes]:
        return {word.encode() for word in self.words.values()}


def seed(at: Installation, wait: Callable[[Callable[[], Any]], Any]) -> Seeds:
    """By the form, by staff, from a file, from a network; with a note, a decision and an answered survey."""
    seeds = Seeds()
    with client(at, "leader") as http:
        by_form(at, seeds)
        by_staff(http, seeds)
        from_a_file(http, seeds)
        for way in ("form", "phone", "file"):
            found = wait(lambda way=way: complaint(http, seeds.words[f"{way} narrative"]))  # type: ignore[misc]
            seeds.cases[way], seeds.people[way] = found["id"], found["person_id"]
        from_a_network(http, seeds, wait)
        work(http, seeds, wait)
    answer_survey(seeds, wait(lambda: survey_link(at, seeds.words["form email"])))
    refused(at, seeds)
    return seeds


def client(at: Installation, role: str) -> httpx.Client:
    return httpx.Client(base_url=at.url, headers={"Authorization": f"Bearer {at.token(role, 'scanner')}"}, timeout=120)


def keyed(http: httpx.Client, path: str, body: Any) -> Any:
    answer = http.post(path, json=body, headers={"Idempotency-Key": secrets.token_hex(8)})
    assert answer.status_code < 300, answer.text
    return answer.json()


def by_form(at: Installation, seeds: Seeds) -> None:
    with httpx.Client(base_url=at.url, follow_redirects=True, timeout=120) as browser:
        page = browser.get("/complain").text
        given = {
            "csrf": token(page), "step": "check", "key": secrets.token_urlsafe(16), "organisation": OPEN,
            "product": "Credit card", "narrative": f"I am furious about {seeds.word('form narrative')}.",
            "wanted": f"An apology for {seeds.word('form wanted')}.", "name": f"N. {seeds.word('form name')}",
            "email": f"{seeds.word('form email')}@example.org", "phone": seeds.word("form phone"),
        }  # fmt: skip
        answer = browser.post("/complain", data=given)
        assert answer.status_code == 200, answer.text
        assert "/track" in str(answer.url), answer.text


def by_staff(http: httpx.Client, seeds: Seeds) -> None:
    """A call that somebody writes down; the address is in the words, as people put it there."""
    body = {
        "channel": "phone", "narrative": f"She lives at 4 {seeds.word('phone address')} Street and says"
        f" {seeds.word('phone narrative')}.", "organisation": OPEN, "product": "Loan or mortgage",
        "person": {"name": seeds.word("phone name"), "phone": seeds.word("phone number"),
                   "needs": f"Large print, {seeds.word('phone needs')}", "preferred_channel": "phone"},
    }  # fmt: skip
    keyed(http, "/api/v1/complaints", body)


def from_a_file(http: httpx.Client, seeds: Seeds) -> None:
    body = {
        "file": secrets.token_hex(32), "name": "some.csv", "first": 0, "lines": [2],
        "header": ["Date received", "Product", "Consumer complaint narrative", "Company", "Complaint ID"],
        "rows": [["2024-03-14", "Mortgage", seeds.word("file narrative"), OPEN, str(secrets.randbelow(10**9))]],
    }  # fmt: skip
    with_token = http.post("/api/v1/complaints/imports/cfpb", json=body)
    assert with_token.json()["accepted"] == 1, with_token.text


def from_a_network(http: httpx.Client, seeds: Seeds, wait: Callable[[Callable[[], Any]], Any]) -> None:
    """One becomes a complaint, one stays a mention."""
    for which in ("promoted", "post"):
        body = {
            "network": "mastodon", "external_id": seeds.word(f"{which} id"), "text": seeds.word(f"{which} text"),
            "author": seeds.word(f"{which} author"), "handle": f"@{seeds.word(f'{which} handle')}@example.social",
            "url": f"https://example.social/{seeds.word(f'{which} url')}",
        }  # fmt: skip
        seeds.cases[which] = keyed(http, "/api/v1/mentions", body)["id"]
    wait(lambda: http.get(f"/api/v1/mentions/{seeds.cases['post']}").status_code == 200)
    made = keyed(http, f"/api/v1/mentions/{seeds.cases['promoted']}/promotion", None)["complaint_id"]
    found = wait(lambda: complaint(http, seeds.words["promoted text"]))
    assert found["id"] == made
    seeds.people["promoted"] = found["person_id"]
    seeds.people["post"] = http.get(f"/api/v1/mentions/{seeds.cases['post']}").json()["person_id"]


def work(http: httpx.Client, seeds: Seeds, wait: Callable[[Callable[[], Any]], Any]) -> None:
    case = f"/api/v1/cases/{seeds.cases['form']}"
    found = wait(lambda: (answer := http.get(case)).status_code == 200 and answer.json()["aspects"] and answer.json())
    keyed(http, f"{case}/notes", {"text": f"The customer says {seeds.word('note')}."})
    keyed(http, f"{case}/aspects/{found['aspects'][0]['aspect_id']}/resolution", {
        "outcome": "upheld", "root_cause": "delay", "redress": "none", "explanation": seeds.word("explanation"),
    })  # fmt: skip
    keyed(http, f"{case}/closing", None)
    assert http.get("/api/v1/cases", params={"q": seeds.words["form name"]}).status_code == 200


def survey_link(at: Installation, address: str) -> str | None:
    with psycopg.connect(database(at, "intake")) as conn:
        rows = conn.execute("select body from mailbox where recipient like %s", [f"{address}%"]).fetchall()
    links = [found[0] for row in rows if (found := re.search(r"http\S+/surveys/answer/\S+", row[0]))]
    return links[0] if links else None


def answer_survey(seeds: Seeds, link: str) -> None:
    with httpx.Client(follow_redirects=True, timeout=120) as browser:
        page = browser.get(link).text
        given = dict.fromkeys(re.findall(r'type="radio"[^>]* name="([^"]+)"', page), "5")
        given |= {name: seeds.word("survey") for name in re.findall(r'<textarea[^>]* name="([^"]+)"', page)[:1]}
        done = browser.post(link, data={"csrf": token(page), **given})
        assert done.status_code == 200, done.text
        assert "survey" in seeds.words


def refused(at: Installation, seeds: Seeds) -> None:
    """What is not taken is not kept either, not even in a log."""
    with client(at, "machine") as http:
        body = {"narrative": 7, "person": {"email": seeds.word("refused address")}}
        answer = http.post("/api/v1/complaints", json=body, headers={"Idempotency-Key": secrets.token_hex(8)})
        assert answer.status_code == 422
        broken = f'{{"narrative": "{seeds.word("broken body")}'
        assert http.post("/api/v1/complaints", content=broken, headers={"Idempotency-Key": "1"}).status_code == 422


def complaint(http: httpx.Client, word: str) -> Any:
    listed = http.get("/api/v1/complaints").json()["data"]
    return next((one | {"id": one["complaint_id"]} for one in listed if word in (one["narrative"] or "")), None)


def token(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, page
    return found[1]
