"""Load that never gives up: complaints by HTTP and rows of a file, each sent again until it is accepted."""

# ruff: noqa: S311 - chance that can be repeated, and no secrets

import hashlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import httpx

from services.intake.complaint.receiving import Arrival
from tests.chaos import texts
from tests.chaos.supervisor import Supervisor
from tests.chaos.threads import beside

CLIENTS = 2
PAUSE = 0.15
"""Seconds between two complaints of a client: the machine is for the faults."""
ROWS, ROWS_PAUSE = 25, 1.0
ROWS_PATH = "/api/v1/complaints/imports/cfpb"
AGAIN = 0.05
"""How often a client that has its answer sends the same request once more, as one that missed the answer would."""
MAILS = 0.1
AGAIN_LATER = (401, 409, 429)
"""A token looks too old to a service whose clock is ahead, which slows down those who go on trying; and another request
may have changed the same."""
PATIENCE = 300.0


@dataclass
class Load:
    """What was sent and what was answered; the answers are the clients' own list of what must not be lost."""

    supervisor: Supervisor
    seed: int
    accepted: dict[str, UUID] = field(default_factory=dict)
    """By Idempotency-Key."""
    rows: dict[UUID, str] = field(default_factory=dict)
    """By the id of its arrival: the words of each row of a file that was answered."""
    unanswered: int = 0
    refused: list[str] = field(default_factory=list)
    """Answers that no client should get, whatever has died."""
    twice: list[str] = field(default_factory=list)
    """Keys that were answered with two complaints."""
    errors: int = 0
    """Requests that failed, and were sent again."""
    _over: threading.Event = field(default_factory=threading.Event)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Send for as long as the block runs, and then until the last answer is there."""
        with beside(self._over, [*(partial(self._complain, n) for n in range(CLIENTS)), self._bring_in]):
            yield

    def complain(self, client: httpx.Client, key: str, narrative: str, email: str | None = None) -> UUID | None:
        """One complaint, until it is accepted; None where it never was."""
        body = {"narrative": narrative, "product": "Mortgage", "person": {"email": email}}
        answer = self._until(
            lambda url: client.post(f"{url}/api/v1/complaints", json=body, headers={"Idempotency-Key": key})
        )
        if answer is None:
            return None
        complaint_id = UUID(answer.json()["id"])
        with self._turn:
            if self.accepted.setdefault(key, complaint_id) != complaint_id:
                self.twice.append(key)
        return complaint_id

    def client(self, timeout: float = 15) -> httpx.Client:
        client = httpx.Client(timeout=timeout)
        self._sign(client)
        return client

    def _sign(self, client: httpx.Client) -> None:
        """A token lasts an hour; a request that is sent again keeps the one that it had, for keys belong to a token."""
        client.headers["Authorization"] = f"Bearer {self.supervisor.site.at.token('machine', 'chaos')}"

    def _complain(self, number: int) -> None:
        chance, said = random.Random(f"{self.seed}/{number}"), texts.narratives()
        with self.client() as client:
            sent = 0
            while not self._over.is_set():
                self._sign(client)
                key, sent = f"{number}-{sent}", sent + 1
                email = f"{key}@example.org" if chance.random() < MAILS else None
                narrative = chance.choice(said)
                self.complain(client, key, narrative, email)
                if chance.random() < AGAIN:
                    self.complain(client, key, narrative, email)
                self._over.wait(PAUSE)

    def _bring_in(self) -> None:
        """The file from its first row to its last; then once more as another file, of which all rows are known."""
        header, rows = texts.rows()
        at = next(n for n, title in enumerate(header) if "narrative" in title.lower())
        with self.client() as client:
            for first in range(0, 1_000_000_000, ROWS):
                if self._over.wait(ROWS_PAUSE):
                    return
                self._sign(client)
                start = first % len(rows)
                chunk = rows[start : start + ROWS]
                file = hashlib.sha256(f"{first // len(rows)}".encode()).hexdigest()
                body = {"file": file, "name": texts.name(), "header": header, "first": start,
                        "lines": [start + n + 2 for n in range(len(chunk))], "rows": chunk}  # fmt: skip
                if self._until(lambda url, body=body: client.post(url + ROWS_PATH, json=body)) is not None:  # type: ignore[misc]
                    source = f"cfpb:{texts.name()}"
                    for n, row in enumerate(chunk):
                        self.rows[Arrival("import", source, f"{file}/{start + n}").id] = row[at].strip()

    def _until(self, post: Callable[[str], httpx.Response]) -> httpx.Response | None:
        """Again after every failure, at any of intake's processes; only a refusal that is final is written down."""
        chance, until = random.Random(), time.monotonic() + PATIENCE
        with self._turn:
            self.unanswered += 1
        try:
            while time.monotonic() < until:
                ports = [port for name, port in dict(self.supervisor.ports).items() if name.startswith("intake")]
                try:
                    answer = post(f"http://127.0.0.1:{chance.choice(ports)}")
                except httpx.HTTPError:
                    self.errors += 1
                    time.sleep(0.2)
                    continue
                if answer.status_code in (200, 201):
                    return answer
                if answer.status_code < 500 and answer.status_code not in AGAIN_LATER:
                    self.refused.append(f"{answer.status_code} {answer.text[:200]}")
                    return None
                self.errors += 1
                time.sleep(0.2)
            self.refused.append(f"no answer within {PATIENCE:.0f} s")
            return None
        finally:
            with self._turn:
                self.unanswered -= 1
