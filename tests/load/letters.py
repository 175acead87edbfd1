"""How many letters a second does intake hand to a mail server that takes all, beside a bare SMTP client?"""

import asyncio
import time
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import aiosmtplib
from aiosmtpd.controller import Controller

from deploy.cli.operations import database
from shared.events import Event, Provenance
from shared.events.complaints import MessageWritten
from shared.events.people import PersonIdentified
from shared.events.sealed import Sealed
from shared.eventstore.store import Store
from shared.keys.keyring import Keyring
from tests.load.filling import CHUNK, NOW
from tests.load.measuring import Figure, cpu_of
from tests.processes import Site, wait_until_ready
from tests.system.conftest import free_port

FULL, SMALL = 1_000, 20
BODY = "We have your complaint. " * 30


class Letterbox:
    """Takes every letter and counts it."""

    def __init__(self) -> None:
        self.taken = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.taken += 1
        return "250 Taken"

    def wait(self, letters: int, seconds: float = 300) -> None:
        until = time.monotonic() + seconds
        while self.taken < letters:
            assert time.monotonic() < until, f"{self.taken} of {letters} letters came"
            time.sleep(0.02)


def measure(site: Site, small: bool) -> list[Figure]:
    """Letters that wait in the outbox of an idle installation; the mail server runs in this process."""
    letters, box = (SMALL if small else FULL), Letterbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        site.processes["intake"].terminate()
        site.processes["intake"].wait(60)
        site.processes["intake"] = site.start("intake", RECOURSE_SMTP=f"127.0.0.1:{controller.port}")
        wait_until_ready(site.url("intake"))
        with cpu_of(site) as used:
            began = time.perf_counter()
            _write(site, letters)
            box.wait(letters)
            seconds = time.perf_counter() - began
        began, box.taken = time.perf_counter(), 0
        asyncio.run(_send_bare(controller.port, letters))
        box.wait(letters)
        bare = time.perf_counter() - began
    finally:
        controller.stop()
    return [
        Figure("letters handed over", letters / seconds, "/s", letters / bare, "a bare SMTP client, one connection"),
        Figure("CPU of intake per 1,000 letters", used["intake"] * 1000 / letters, "s"),
    ]


def _write(site: Site, letters: int) -> None:
    store = Store("intake", database(site.at, "intake"), Keyring(site.at.masters()))
    for first in range(0, letters, CHUNK):
        store.put([event for n in range(first, min(first + CHUNK, letters)) for event in _letter(uuid4(), n)])
    store.close()


def _letter(person: UUID, n: int) -> list[Event]:
    by, address = Provenance("load", NOW), Sealed(person, f"person{n}@example.org")
    return [
        PersonIdentified(**by.stamp(person, 1), email=address, preferred_channel="email"),
        MessageWritten(
            **by.stamp(uuid4(), 1), complaint_id=uuid4(), person_id=person, purpose="reply", channel="email",
            to=address, subject=Sealed(person, "Your complaint"), body=Sealed(person, BODY),
        ),
    ]  # fmt: skip


async def _send_bare(port: int, letters: int) -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as smtp:
        for n in range(letters):
            mail = EmailMessage()
            mail["From"], mail["To"], mail["Subject"] = "load@example.org", f"person{n}@example.org", "Your complaint"
            mail.set_content(BODY)
            await smtp.send_message(mail)
