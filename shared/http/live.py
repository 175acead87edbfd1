"""Live updates: a stream that says how far views have read, whenever one has taken something in."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from shared.http.requests import allow
from shared.postgres.pools import Pool
from shared.projections.view import View

EVERY = 0.4
LONGEST = 3600


def add_live(routes: APIRouter, path: str, may: str, *views: View) -> None:
    """`GET path`, server-sent events for a page that shows these views; the browser reconnects by itself, if it still
    may.

    They end with the session or the token that they were asked for with, and when the account gets another role.
    """

    @routes.get(path, dependencies=[allow(may)], include_in_schema=False)
    async def live(request: Request) -> StreamingResponse:
        return StreamingResponse(
            _changes(request, request.app.state.runtime.pool, [view.name for view in views]),
            media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
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
