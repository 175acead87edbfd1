"""Answered requests are forgotten once nobody sends them again."""

from tests.serving import until
from tests.shared.conftest import Stories, stories

__all__ = ["stories"]


async def test_requests_older_than_a_week_are_forgotten(stories: Stories) -> None:
    insert = "insert into requests (id, content, answered_at) values (%s, 'x', now() - %s::interval)"
    async with stories.running() as runtime, runtime.pool.connection() as conn:
        await conn.execute(insert, [b"old", "8 days"])
        await conn.execute(insert, [b"new", "6 days"])
        await conn.commit()
    async with stories.running() as runtime:

        async def left() -> bool:
            async with runtime.pool.connection() as conn:
                return await (await conn.execute("select id from requests")).fetchall() == [(b"new",)]

        await until(left, 30)
