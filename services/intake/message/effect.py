"""Hands waiting messages to SMTP; each try is an event, and a rebuild sends nothing again."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from uuid import UUID

import aiosmtplib
import psycopg

from services.intake.message import state as message
from services.intake.message.view import outbox
from shared.events import Provenance
from shared.postgres.leader import acquire_leadership
from shared.service.runtime import Runtime
from shared.telemetry import log

EVERY = 0.15
DUE = """
select message_id, complaint_id, person_id, recipient, subject, body from outgoing
where state = 'waiting' and next_at <= now() and recipient is not null order by next_at limit 20
"""
SENDER = "Complaints <complaints@localhost>"


class Mailer:
    """A crash between handing over and noting it sends again, under the same Message-ID, so that mail systems
    may tell that it is the same."""

    def __init__(self, runtime: Runtime, host: str, port: int) -> None:
        self.runtime, self.host, self.port = runtime, host, port
        self._noted: list[str] = []

    async def run(self) -> None:
        """Look for what is due, for ever; one process of the service at a time, a second waits for it to go.

        The connection that holds the lock asks for what is due: who has lost the lock finds out before sending more.
        """
        async with await psycopg.AsyncConnection.connect(self.runtime.settings.postgres, autocommit=True) as conn:
            await acquire_leadership(conn, "mailer")
            while True:
                due = await (await conn.execute(DUE)).fetchall()
                if due:
                    await self._send_all(due)
                    await self._until_seen()
                await asyncio.sleep(EVERY)

    async def _send_all(self, due: Sequence[tuple[Any, ...]]) -> None:
        """Over one connection; where none is to be had, each of them has failed once."""
        try:
            async with aiosmtplib.SMTP(hostname=self.host, port=self.port, timeout=20) as smtp:
                for row in due:
                    await self._send(smtp, row)
        except (aiosmtplib.SMTPException, OSError) as error:
            for row in due:
                await self._failed(row[0], error)

    async def _send(self, smtp: aiosmtplib.SMTP, row: tuple[Any, ...]) -> None:
        state = await asyncio.to_thread(self.runtime.store.load, row[0], message.evolve)
        if state is None or state.done:
            return
        try:
            await smtp.send_message(letter(row))
        except OSError:  # the connection is gone, and with it all that wait
            raise
        except Exception as error:  # refused, or to an address that cannot be written: the others go on
            await self._failed(row[0], error)
        else:
            await self._note(row[0], message.sent)

    async def _failed(self, message_id: UUID, error: Exception) -> None:
        reason = type(error).__name__
        log.warning("message not handed over", message=str(message_id), error=reason)
        await self._note(message_id, lambda m, by: message.failed(m, reason, by))

    async def _until_seen(self) -> None:
        """Nothing is looked at again before the view has taken in what became of it."""
        for token in self._noted:
            await self.runtime.positions.wait(outbox, token)
        self._noted.clear()

    async def _note(self, message_id: UUID, decision: Any) -> None:
        by = Provenance("intake.mailer", self.runtime.clock.now())
        saved = await self.runtime.commits.decide(message_id, message.evolve, lambda m: decision(m, by))
        if saved:
            self._noted.append(await self.runtime.positions.token(saved))


def letter(row: tuple[Any, ...]) -> EmailMessage:
    """RFC 5322, marked as sent by a machine (RFC 3834) so that no machine answers it."""
    message_id, complaint_id, person_id, recipient, subject, body = row
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = SENDER, recipient, subject
    if len(mail["To"].addresses) != 1:  # to whoever else stands there nobody has written
        raise ValueError("a letter goes to one address")
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = f"<{message_id}@recourse>"
    mail["References"] = f"<{complaint_id}@recourse>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Recourse-Person"] = str(person_id)
    mail.set_content(body)
    return mail
