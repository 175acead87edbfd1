"""All of Recourse in containers: needs Docker, and skips, with a word, where there is none."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP
from playwright.async_api import expect

from tests.serving import until
from tests.stack.compose import Stack, has_docker
from tests.system.conftest import axe, browser, free_port
from tests.system.journey import Place

expect.set_options(timeout=30_000)


@dataclass
class Post:
    """A mail server on this machine, which the stack is told of as an operator would name theirs."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        mail = message_from_bytes(envelope.content, policy=default)
        body = mail.get_body(("plain",))
        self.sent.append((str(mail["To"]), str(mail["Subject"]), str(body.get_content()) if body else ""))
        return "250 Kept"

    async def mail(self, address: str, about: str) -> str:
        async def look() -> str | None:
            found = (b for to, subject, b in self.sent if address in to and about.lower() in subject.lower())
            return next(found, None)

        return str(await until(look, 120))


@pytest_asyncio.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Stack, Place]]:
    if not has_docker():
        pytest.skip("Docker with compose is not here")
    post, port = Post(), free_port()
    secrets = tmp_path_factory.mktemp("secrets")
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(post, enable_SMTPUTF8=True),
        "0.0.0.0",  # noqa: S104 - containers reach us by the bridge
        port,
    )
    running = Stack(Path(secrets), port)
    try:
        await asyncio.to_thread(running.start)
        yield running, Place(running.url, running.password, post.mail)
    except BaseException:
        print(running.compose("ps", "-a", check=False), running.compose("logs", "--tail=15", check=False))
        raise
    finally:
        server.close()
        await asyncio.to_thread(running.stop)


__all__ = ["axe", "browser"]
