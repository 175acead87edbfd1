"""Requests that were answered: sent again under the same key, a request gets its first answer and changes nothing.

The answer is stored in the transaction of the events that it is about. Neither the key nor what was asked can be read
from it: both are kept as HMACs, as they outlive an erasure.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from psycopg import Cursor

from shared.postgres.pools import Connection, Pool
from shared.problems import Unprocessable

SCHEMA = """
create table if not exists requests (
  id bytea primary key, content bytea not null, originator_id uuid, position bigint,
  answered_at timestamptz not null default now()
);
create index if not exists requests_answered_at on requests (answered_at);
"""
KEPT, EVERY = "7 days", 3600.0
INSERT = """
insert into requests (id, content, originator_id, position)
select * from unnest(%b::bytea[], %b::bytea[], %b::uuid[], %b::bigint[])
"""
FIND = "select content, originator_id, position from requests where id = %s"


class KeyUsedForAnotherRequest(Unprocessable):
    """This Idempotency-Key was used for a different request. Use a new key for a new request."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request by its key: `id` names it, `content` is what it asked."""

    id: bytes
    content: bytes

    @classmethod
    def of(cls, secret: str, key: str, name: Sequence[object], content: object) -> "Request":
        """`name` says who asks for what of which aggregate: the same key elsewhere is another request."""
        return cls(_mac(secret, ["request", key, *name]), _mac(secret, ["content", content]))

    @property
    def new_id(self) -> UUID:
        """The id of what the request makes: the same whenever it is sent (UUIDv8, RFC 9562)."""
        digest = bytearray(self.id[:16])
        digest[6] = 0x80 | digest[6] & 0x0F
        digest[8] = 0x80 | digest[8] & 0x3F
        return UUID(bytes=bytes(digest))


@dataclass(frozen=True, slots=True)
class Answered:
    """The last event of the first answer and its position; both None if nothing had to change."""

    originator_id: UUID | None
    position: int | None


def insert(
    cursor: Cursor[Any], asked: Sequence[tuple[Request, int]], ids: Sequence[Any], positions: Sequence[int]
) -> None:
    """In the transaction of the events, of which each request has so many; a key that was used meanwhile breaks it."""
    rows, end = [], 0
    for request, count in asked:
        end += count
        last = (ids[end - 1], positions[end - 1]) if count else (None, None)
        rows.append((request.id, request.content, *last))
    cursor.execute(INSERT, [list(column) for column in zip(*rows, strict=True)])


async def find(conn: Connection, request: Request) -> Answered | None:
    """The first answer, if there was one; raises `KeyUsedForAnotherRequest` where it was to something else."""
    row = await (await conn.execute(FIND, [request.id])).fetchone()
    if row is None:
        return None
    content, *place = row
    if not hmac.compare_digest(bytes(content), request.content):
        raise KeyUsedForAnotherRequest
    return Answered(*place)


async def keep_forgetting(pool: Pool) -> None:
    """Delete requests older than a week, each hour: nobody retries after that."""
    while True:
        async with pool.connection() as conn:
            await conn.execute(f"delete from requests where answered_at < now() - interval '{KEPT}'")
        await asyncio.sleep(EVERY)


def _mac(secret: str, said: object) -> bytes:
    return hmac.new(secret.encode(), orjson.dumps(said, default=str), hashlib.sha256).digest()
