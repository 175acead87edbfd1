"""The embedded mode's own mail server: every message that we send can be read on `/mailbox`."""

import asyncio
from email import message_from_bytes
from email.policy import default
from typing import Any
from uuid import UUID

from shared.postgres import purge
from shared.service.runtime import Runtime

SCHEMA = """
create table if not exists mailbox (
  mail_id text primary key, person_id uuid, recipient text, subject text, body text, arrived_at timestamptz not null
);
create index if not exists mailbox_arrived on mailbox (arrived_at desc);
"""


class Mailbox:
    """An SMTP server on loopback that keeps what it gets in the database, until the person is erased."""

    def __init__(self, runtime: Runtime, port: int) -> None:
        self.runtime, self.port = runtime, port

    async def run(self) -> None:
        """Serve, and forget the mail of people who were erased."""
        from aiosmtpd.smtp import SMTP  # noqa: PLC0415 - only the embedded mode installs it

        async with self.runtime.pool.connection() as conn:
            await conn.execute(SCHEMA)
        server = await asyncio.get_running_loop().create_server(
            lambda: SMTP(self, enable_SMTPUTF8=True, data_size_limit=2_000_000), "127.0.0.1", self.port
        )
        async with server:
            while True:
                async with self.runtime.pool.connection() as conn, conn.transaction():
                    done = await conn.execute(
                        "delete from mailbox where person_id in (select person_id from keys where wrapped is null)"
                    )
                    if done.rowcount:
                        await conn.execute(purge.NOTE, [["mailbox"]])
                await asyncio.sleep(1)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the message; the same Message-ID is the same message."""
        mail = message_from_bytes(envelope.content, policy=default)
        body = mail.get_body(("plain",))
        person = mail["X-Recourse-Person"]
        async with self.runtime.pool.connection() as conn:
            await conn.execute(
                "insert into mailbox values (%s, %s, %s, %s, %s, %s) on conflict do nothing",
                [
                    mail["Message-ID"], UUID(person) if person else None, mail["To"], mail["Subject"],
                    body.get_content() if body else "", self.runtime.clock.now(),
                ],
            )  # fmt: skip
        return "250 Kept"
