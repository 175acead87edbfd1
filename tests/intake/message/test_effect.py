"""Each message is handed over once, however many processes of the service run."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiosmtpd.controller import Controller

from services.intake.app import build
from services.intake.complaint.receiving import Contact, identify
from shared.events import Provenance
from shared.events.complaints import MessageWritten
from shared.events.sealed import Sealed
from tests.serving import serve, settings, until
from tests.system.conftest import free_port

MAILS = 40


class Letters:
    """An SMTP server's handler that counts."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.taken[str(message_from_bytes(envelope.content)["Message-ID"])] += 1
        await asyncio.sleep(0.02)  # as another machine would take
        return "250 Taken"


@pytest.fixture
def smtp(request: pytest.FixtureRequest) -> Iterator[tuple[Letters, int]]:
    letters, utf8 = Letters(), getattr(request, "param", True)
    server = Controller(letters, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=utf8)
    server.start()
    yield letters, server.port
    server.stop()


async def test_two_processes_send_each_message_once(
    kafka: str, postgres: Callable[[str], str], smtp: tuple[Letters, int]
) -> None:
    letters, port = smtp
    given = (await settings(kafka, postgres("mailer"))).model_copy(update={"smtp": f"127.0.0.1:{port}"})
    async with serve(build, given) as one, serve(build, given) as two:
        for number in range(MAILS):
            async with (one, two)[number % 2].client("admin") as client:
                body = {"narrative": "It broke.", "person": {"email": f"customer{number}@example.org"}}
                answer = await client.post("/api/v1/complaints", json=body, headers={"Idempotency-Key": str(number)})
                assert answer.status_code == 201, answer.text

        async def noted() -> bool:
            async with one.runtime.pool.connection() as conn:
                found = await conn.execute("select count(*) from outgoing where state = 'sent'")
                return bool(await found.fetchone() == (MAILS,))

        await until(noted, 60)
        assert list(letters.taken.values()) == [1] * MAILS


async def test_the_second_takes_over_when_the_first_is_gone(
    kafka: str, postgres: Callable[[str], str], smtp: tuple[Letters, int]
) -> None:
    letters, port = smtp
    given = (await settings(kafka, postgres("mailer"))).model_copy(update={"smtp": f"127.0.0.1:{port}"})
    async with serve(build, given) as two:
        async with serve(build, given):
            pass
        async with two.client("admin") as client:
            body = {"narrative": "It broke.", "person": {"email": "customer@example.org"}}
            await client.post("/api/v1/complaints", json=body, headers={"Idempotency-Key": "1"})

        async def taken() -> bool:
            return len(letters.taken) == 1

        await until(taken, 60)


ODD = ["a:b@c;.d", "a@b,.<", "(@!.'", "joe,ann@x.example", "jörg@example.org"]
"""What no letter can be written to, and last what a server does not take that knows ASCII alone."""


@pytest.mark.parametrize("smtp", [False], indirect=True, ids=["of ASCII alone"])
async def test_an_address_that_no_letter_can_be_sent_to_keeps_no_other_back(
    kafka: str, postgres: Callable[[str], str], smtp: tuple[Letters, int]
) -> None:
    letters, port = smtp
    given = (await settings(kafka, postgres("mailer"))).model_copy(update={"smtp": f"127.0.0.1:{port}"})
    async with serve(build, given) as intake:
        for number, address in enumerate([*ODD, "customer@example.org"]):
            person, by = uuid4(), Provenance("test", datetime.now(UTC))
            await intake.runtime.commits.save([identify(person, Contact(email=address), by)])
            sealed = {name: Sealed(person, text) for name, text in (("to", address), ("subject", "s"), ("body", "b"))}
            await intake.runtime.commits.save(
                [
                    MessageWritten(
                        **by.stamp(UUID(int=number), 1), complaint_id=uuid4(), person_id=person, purpose="reply",
                        channel="email", **sealed,
                    )
                ]
            )  # fmt: skip

        async def arrived() -> bool:
            return f"<{UUID(int=len(ODD))}@recourse>" in letters.taken

        await until(arrived)
        assert len(letters.taken) == 1
