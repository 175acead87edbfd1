"""Each message is handed over once, however many processes of the service run."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiosmtpd.controller import Controller
from aiosmtplib import SMTPDataError, SMTPRecipientRefused, SMTPRecipientsRefused, SMTPResponseException

from services.intake.app import build
from services.intake.message.effect import refused_for_good
from services.intake.person.state import Contact, identify
from shared.events import Provenance
from shared.events.complaints import MessageWritten
from shared.events.sealed import Sealed
from tests.clock import MovableClock
from tests.serving import Served, serve, settings, until
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
    async with AsyncExitStack() as second:
        async with serve(build, given) as one:
            two = await second.enter_async_context(serve(build, given))
            (leader,) = await leaders(one)
            await complain(two, "while both run")
            await until(lambda: taken(letters, 1), 60)
            assert await leaders(one) == [leader], "the first leads still"
        await complain(two, "when the first is gone")
        await until(lambda: taken(letters, 2), 60)
        assert leader not in await leaders(two)


async def leaders(served: Served) -> list[int]:
    """Connections that hold the lock of the mailer in this database."""
    query = (
        "select pid from pg_locks where locktype = 'advisory' and granted"
        " and objid = hashtext('recourse.mailer')::bigint & 4294967295"
        " and database = (select oid from pg_database where datname = current_database())"
    )
    async with served.runtime.pool.connection() as conn:
        return [row[0] for row in await (await conn.execute(query)).fetchall()]


async def complain(served: Served, key: str) -> None:
    async with served.client("admin") as client:
        body = {"narrative": "It broke.", "person": {"email": "customer@example.org"}}
        made = await client.post("/api/v1/complaints", json=body, headers={"Idempotency-Key": key})
        assert made.status_code == 201, made.text


async def taken(letters: Letters, count: int) -> bool:
    return len(letters.taken) == count


async def test_a_letter_is_tried_for_four_days_and_then_given_up(kafka: str, postgres: Callable[[str], str]) -> None:
    """RFC 5321, 4.5.4.1: nobody listens; the clock is moved, and the pauses of an hour with it."""
    clock = MovableClock()
    given = (await settings(kafka, postgres("mailer"))).model_copy(update={"smtp": f"127.0.0.1:{free_port()}"})
    async with serve(build, given, clock) as intake:
        await complain(intake, "1")

        async def state() -> tuple[str, int]:
            async with intake.runtime.pool.connection() as conn:
                row = await (await conn.execute("select state, attempts from outgoing")).fetchone()
            return row or ("", 0)

        async def tried(count: int) -> bool:
            return (await state())[1] >= count

        await until(lambda: tried(1))
        for day in range(1, 4):
            clock.move(timedelta(days=1))
            await until(partial(tried, day + 1))
            assert (await state())[0] == "waiting", f"given up after {day} days"
        clock.move(timedelta(days=1))

        async def given_up() -> bool:
            return (await state())[0] == "failed"

        await until(given_up)


def test_the_server_says_what_is_refused_for_good() -> None:
    refused = [SMTPRecipientRefused(code, "", "a@example.org") for code in (450, 550)]
    assert [refused_for_good(SMTPRecipientsRefused([one])) for one in refused] == [False, True]
    assert [refused_for_good(SMTPDataError(code, "")) for code in (451, 554)] == [False, True]
    assert not refused_for_good(ConnectionRefusedError())
    assert not refused_for_good(SMTPResponseException(530, "the server asks for a password that we lack"))


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
