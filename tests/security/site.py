"""A running installation as those see it who come to it: strangers, customers with a link, staff, machines."""

import html
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import httpx

from deploy.installation import ROLES, Installation
from services.surveys.response.state import response_id
from shared.security.permissions import PROGRAMS
from tests.serving import PLAIN

PATIENCE = 120.0
STRANGERS = ("anonymous", "customer", "other customer")
EVERY_ROLE = (*STRANGERS, *ROLES, *sorted(PROGRAMS))
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


def until(condition: Callable[[], Any]) -> Any:
    """What the condition answers, once it answers something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen")


@dataclass
class Site:
    """The installation, its secrets, and what was sown: `ids` fill the places in paths, `words` were told to us."""

    folder: Path
    at: Installation
    password: str
    databases: dict[str, str]
    metrics: str
    ids: dict[str, str] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    fields: WeakKeyDictionary[httpx.Client, str] = field(default_factory=WeakKeyDictionary)

    @cached_property
    def clients(self) -> dict[str, httpx.Client]:
        """Of everybody but customers."""
        demo = self._client(self.at.token("demo", "tests"))
        clients = {"anonymous": self._client(), "machine": self.machine, "demo": demo}
        return clients | {role: self.signed_in(role) for role in ROLES}

    def client(self, role: str) -> httpx.Client:
        """Customers try their link where a session belongs."""
        links = {"customer": self.ids, "other customer": self.others}
        if role in links and role not in self.clients:
            self.clients[role] = self.stranger(cookies={"recourse_session": links[role]["track"]})
        return self.clients[role]

    @cached_property
    def machine(self) -> httpx.Client:
        return self._client(self.at.token("machine", "tests"))

    def stranger(self, **given: Any) -> httpx.Client:
        """Somebody new, with nothing but what is given."""
        return httpx.Client(base_url=self.at.url, timeout=60, verify=PLAIN, **given)

    def from_here(self, accept: str) -> dict[str, str]:
        """As a page of ours asks; what other sites lead a browser to is refused before anything else."""
        return {"Accept": accept, "Origin": self.at.url}

    def case(self) -> Any:
        """The case that is worked on, as the machine reads it."""
        return self.machine.get(f"/api/v1/cases/{self.ids['case_id']}").json()

    def csrf(self, client: httpx.Client) -> str:
        """As a form of ours holds it for this visitor."""
        if client not in self.fields:
            found = CSRF.search(client.get("/complain").text)
            assert found
            self.fields[client] = found[1]
        return self.fields[client]

    def logged(self) -> str:
        """All that the process has written to its streams."""
        return (self.folder / "out.log").read_text() + (self.folder / "err.log").read_text()

    def _client(self, token: str | None = None) -> httpx.Client:
        return self.stranger(headers={} if token is None else {"Authorization": f"Bearer {token}"})

    def signed_in(self, role: str) -> httpx.Client:
        """By the form, as a browser would."""
        client = self._client()
        found = CSRF.search(client.get("/signin").text)
        assert found
        form = {"csrf": found[1], "email": f"{role}@example.org", "password": self.password}
        answer = client.post("/signin", data=form)
        assert answer.status_code == 303, answer.text
        return client

    def sow(self) -> None:
        """Two customers, each with a complaint at work and another that is closed and asked about; a mention.

        And one more survey, to be withdrawn: both customers' links go on working.
        """
        self.words = {name: f"{name}{secrets.token_hex(6)}" for name in ("narrative", "note", "mention", "comment")}
        self.words["other"] = f"other{secrets.token_hex(6)}"
        self.ids, self.others = self._customer(self.words["narrative"]), self._customer(self.words["other"])
        noted = self.machine.post(f"/api/v1/cases/{self.ids['case_id']}/notes", json={"text": self.words["note"]})
        assert noted.status_code == 201, noted.text
        said = {"network": "mastodon", "external_id": secrets.token_hex(6), "text": self.words["mention"]}
        self.ids["mention_id"] = self.machine.post("/api/v1/mentions", json=said).json()["id"]
        self._seen(f"/api/v1/mentions/{self.ids['mention_id']}")
        forgotten = _address()
        self.ids["complaint_id"] = self._complain("Forget me.", forgotten)
        self.ids["person_id"] = self._case(self.ids["complaint_id"])["person_id"]
        self.ids["spent"] = self.others["spent"] = self._link(forgotten, "/complain/track")
        self.ids |= {"subject": self.ids["case_id"], "network": "mastodon"}
        spare, _ = self._asked()
        self.ids["response_id"] = str(response_id(UUID(spare), "handling"))
        self._answer(self.others["survey"], self.words["comment"])
        self._seen("/api/v1/surveys", lambda body: any(one["answered"] for one in body["data"]))

        sealed = self.machine.post("/api/v1/audit/checkpoints")
        assert sealed.status_code == 201, sealed.text
        self.ids["number"] = str(sealed.json()["number"])

    def _customer(self, narrative: str) -> dict[str, str]:
        tracked = _address()
        case, (_, survey) = self._complain(narrative, tracked), self._asked()
        return {
            "case_id": case, "aspect_id": self._case(case)["aspects"][0]["aspect_id"],
            "track": self._link(tracked, "/complain/track"), "survey": survey,
        }  # fmt: skip

    def _asked(self) -> tuple[str, str]:
        """A closed case, and the link to the survey about it."""
        asked = _address()
        closed = self._complain("Close me.", asked)
        end = f"/api/v1/cases/{closed}/aspects/{self._case(closed)['aspects'][0]['aspect_id']}/resolution"
        assert self.machine.post(end, json={"outcome": "withdrawn"}).status_code == 200
        assert self.machine.post(f"/api/v1/cases/{closed}/closing").status_code == 200
        return closed, self._link(asked, "/surveys/answer")

    def _complain(self, narrative: str, email: str) -> str:
        body = {"narrative": narrative, "product": "Credit card", "person": {"name": "Somebody", "email": email}}
        made = self.machine.post("/api/v1/complaints", json=body, headers={"Idempotency-Key": secrets.token_hex(8)})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def _case(self, id_: str) -> Any:
        return self._seen(f"/api/v1/cases/{id_}", lambda body: body["aspects"])

    def _seen(self, path: str, test: Callable[[Any], Any] = bool) -> Any:
        def look() -> Any:
            answer = self.machine.get(path)
            return answer.json() if answer.status_code == 200 and test(answer.json()) else None

        return until(look)

    def _link(self, address: str, path: str) -> str:
        """The signed part of the link in a mail to this address."""

        def look() -> str | None:
            mails = html.unescape(self.clients["admin"].get("/mailbox").text).split("<article")
            found = (re.search(rf"{path}/([\w.~-]+)", mail) for mail in mails if address in mail)
            return next((link[1] for link in found if link), None)

        return str(until(look))

    def _answer(self, signed: str, comment: str) -> None:
        page = f"/surveys/answer/{signed}"
        shown = self.clients["anonymous"].get(page).text
        names = set(re.findall(r'type="radio"[^>]* name="([^"]+)"', shown))
        texts = set(re.findall(r'<textarea[^>]* name="([^"]+)"', shown))
        form = (
            {"csrf": self.csrf(self.clients["anonymous"])} | dict.fromkeys(names, "4") | dict.fromkeys(texts, comment)
        )
        assert self.clients["anonymous"].post(page, data=form).status_code == 303


def _address() -> str:
    return f"{secrets.token_hex(6)}@example.org"
