"""A live stream ends with what opened it: a session, or a token."""

import asyncio
from datetime import UTC, datetime

from shared.security.tokens import Token, digest, new_secret
from tests.serving import Served


async def test_a_live_stream_ends_with_its_session(cases: Served) -> None:
    sessions = cases.runtime.sessions
    async with cases.client("handler") as client:
        session = sessions.read(client.cookies["recourse_session"])
        assert session is not None
        stream = asyncio.create_task(client.get("/cases/live"))
        await asyncio.sleep(1)
        assert not stream.done()
        await sessions.end(session)
        async with asyncio.timeout(30):
            assert (await stream).text.startswith("retry: 2000")


async def test_a_live_stream_ends_with_its_token(cases: Served) -> None:
    access, secret = cases.runtime.access, new_secret()
    await access.keep_token(digest(secret), Token(name="screen", role="machine", created_at=datetime.now(UTC)))
    async with cases.client(Authorization=f"Bearer {secret}") as client:
        stream = asyncio.create_task(client.get("/cases/live"))
        await asyncio.sleep(1)
        assert not stream.done()
        await access.revoke_token(digest(secret))
        async with asyncio.timeout(30):
            assert (await stream).text.startswith("retry: 2000")
