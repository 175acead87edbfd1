"""Complaints to load the system with: the public file's narratives where they are here, else invented ones."""

import csv
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from deploy.cli.data.imports import import_file
from services.intake.complaint.receiving import Arrival, Grievance, new_complaint_id, receive
from shared.events import Event, Provenance
from shared.eventstore.store import Store
from shared.keys.keyring import Keyring
from tests.processes import Site
from tests.serving import DATA

REAL = DATA / "cfpb" / "narratives_10000.csv"
HEADER = ["Consumer complaint narrative", "Product", "Company", "State", "Date received"]
PRODUCTS = ("Mortgage", "Debt collection", "Credit card or prepaid card", "Student loan")
WORDS = ("bank", "card", "charged", "twice", "nobody", "answered", "letter", "wrong", "fee", "account", "terrible")
RARE, RARE_EVERY = "quincunx", 5000
"""A word that one complaint in so many has, to search for."""
DAYS = 700
CHUNK = 200
NOW = datetime(2026, 1, 1, tzinfo=UTC)
_batches = count(1)


def stories(complaints: int) -> Iterator[tuple[str, str]]:
    """Narrative and product of each; the same in every run."""
    if REAL.exists():
        with REAL.open(newline="") as file:
            found = [(row[0], row[1]) for row in islice(csv.reader(file), 1, complaints + 1)]
    else:
        chance = random.Random(7)  # noqa: S311 - the same text each time
        found = [
            (" ".join(chance.choices(WORDS, k=180)), PRODUCTS[n % len(PRODUCTS)])
            for n in range(min(complaints, 10_000))
        ]
    return islice(cycle(found), complaints)


def rows_file(folder: Path, complaints: int) -> Path:
    """A file of so many rows that no earlier file had."""
    path = folder / f"complaints-{next(_batches)}.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for n, (narrative, product) in enumerate(stories(complaints)):
            said = f"{narrative} {RARE}" if n % RARE_EVERY == 0 else narrative
            day = date(2024, 1, 1) + timedelta(days=n % DAYS)
            writer.writerow([f"{said} ({path.stem}/{n})", product, f"Bank {n % 50}", "CA", day.isoformat()])
    return path


def bring_in(site: Site, path: Path) -> int:
    """Import the file as `recourse import cfpb` does; answers how many were accepted, which must be all."""
    headers = {"Authorization": f"Bearer {site.at.token('machine', 'load')}"}
    with httpx.Client(base_url=site.at.url, headers=headers, timeout=300) as client:
        totals = import_file(client, path, lambda _: None)
    assert totals.accepted == totals.rows, totals
    return totals.accepted


def put_complaints(url: str, keyring: Keyring, complaints: int) -> None:
    """Into the event table of intake as an import stores them, without the service."""
    store, by, texts = Store("intake", url, keyring), Provenance("load", NOW), list(stories(complaints))
    for first in range(0, complaints, CHUNK):
        events: list[Event] = []
        for text, product in texts[first : first + CHUNK]:
            arrival = Arrival("import", "load", uuid4().hex)
            events += receive(new_complaint_id(), uuid4(), arrival, Grievance(text, product=product), by)
        store.put(events)
    store.close()


def request_body(narrative: str, product: str, n: int) -> dict[str, Any]:
    """As an integrator sends a complaint of somebody who is new and asks for no e-mail."""
    person = {"name": f"Person {n}", "phone": f"+44 20 7946 {n % 10_000:04}", "preferred_channel": "phone"}
    return {"narrative": narrative, "product": product, "organisation": f"Bank {n % 50}", "person": person}
