"""Live updates: a stream that says how far views have read, whenever one has taken something in."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request
from fastapi.responses import StreamingResponse

from shared.postgres.pools import Pool
from shared.projections.view import View

EVERY = 0.4
LONGEST = 3600


def live_updates(request: Request, pool: Pool, *views: View) -> StreamingResponse:
    """Server-sent events for a page that shows these views; the browser reconnects by itself, if it still may.

    It ends with the session or the token that it was asked for with, and when the account gets another role.
    """
    return StreamingResponse(
        _changes(request, pool, [view.name for view in views]), media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )  # fmt: skip


async def _changes(request: Request, pool: Pool, names: list[str]) -> AsyncIterator[bytes]:
    """Reads the views' progress, so that every replica's pages see what any replica has taken in."""
    seen = None
    yield b"retry: 2000\n\n"
    for turn in range(int(LONGEST / EVERY)):
        if request.state.again()[0] != request.state.who:
            return
        async with pool.connection() as conn:
            found = await conn.execute(
                "select coalesce(sum(p.position), 0)::bigint from progress p join views v"
                " on p.consumer = v.name || '.g' || v.generation"
                " where v.name = any(%s)",
                [names],
            )
            ((position,),) = await found.fetchall()
        if position != seen:
            yield b"data: %d\n\n" % position
            seen = position
        elif turn % 40 == 39:
            yield b": still here\n\n"
        await asyncio.sleep(EVERY)
