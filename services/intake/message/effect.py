"""Hands waiting messages to SMTP.

A crash between handing over and noting it sends again, under the same Message-ID, so that mail systems may tell that it
is the same.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib

from services.intake.message.view import Outgoing, waiting
from shared.events.complaints import MessageFailed, MessageSent, MessageWritten
from shared.features.effect import Effect, Send

SENDER = "Complaints <complaints@localhost>"


def mailer(host: str, port: int) -> Effect[Outgoing]:
    """The effect that sends what waits, by this server."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[Send]:
        async with aiosmtplib.SMTP(hostname=host, port=port, timeout=20) as smtp:
            yield lambda row: smtp.send_message(letter(row))

    return Effect("mailer", waiting, connect, MessageWritten, MessageSent, MessageFailed, final=refused_for_good)


def refused_for_good(failure: Exception) -> bool:
    """The letter cannot be written, or the server answers 5yz about it (RFC 5321, 4.2.1): nobody asks it again."""
    match failure:
        case aiosmtplib.SMTPRecipientsRefused():
            return all(refused_for_good(one) for one in failure.recipients)
        case aiosmtplib.SMTPRecipientRefused() | aiosmtplib.SMTPDataError():
            return 500 <= failure.code < 600
    return isinstance(failure, ValueError | aiosmtplib.SMTPNotSupported)


def letter(row: Outgoing) -> EmailMessage:
    """RFC 5322, marked as sent by a machine (RFC 3834) so that no machine answers it."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = SENDER, row.recipient, row.subject
    if len(mail["To"].addresses) != 1:  # to whoever else stands there nobody has written
        raise ValueError("a letter goes to one address")
    assert row.written_at is not None
    mail["Date"] = format_datetime(row.written_at)
    mail["Message-ID"] = f"<{row.message_id}@recourse>"
    mail["References"] = f"<{row.complaint_id}@recourse>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Recourse-Person"] = str(row.person_id)
    mail.set_content(row.body or "")
    return mail
