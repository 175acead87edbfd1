"""Take mentions in: each once, under an id that follows from the post."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.social.mention import state as mention
from services.social.mention.state import Post, author_id, mention_id
from shared.events import Event, Provenance
from shared.eventstore.store import Conflict, Saved
from shared.problems import PersonWasErased
from shared.service.runtime import Runtime

TRIES = 5


@dataclass(frozen=True, slots=True)
class Captured:
    """The ids of all posts in their order, and which of them are new."""

    ids: list[UUID]
    new: set[UUID]
    saved: list[Saved]


async def take_in(runtime: Runtime, posts: Sequence[Post], *, actor: str) -> Captured:
    """Take in what is not known yet, all or nothing; looks again when others write or erase meanwhile."""
    ids = [mention_id(runtime.settings.ids, post) for post in posts]
    for attempt in range(TRIES):
        known = await asyncio.to_thread(runtime.store.existing, ids)
        fresh = {id_: post for id_, post in zip(ids, posts, strict=True) if id_ not in known}
        events = await _events(runtime, fresh, actor)
        try:
            return Captured(ids, set(fresh), await runtime.commits.save(events))
        except (Conflict, PersonWasErased):
            if attempt == TRIES - 1:
                raise
    raise AssertionError("unreachable")


async def _events(runtime: Runtime, posts: dict[UUID, Post], actor: str) -> list[Event]:
    now = runtime.clock.now()
    authors = await _authors(runtime, posts)
    return [
        event
        for id_, post in posts.items()
        for event in mention.capture(id_, authors[id_], post, Provenance(actor, now, occurred_at=post.posted_at))
    ]


async def _authors(runtime: Runtime, posts: dict[UUID, Post]) -> dict[UUID, UUID]:
    """Each post's author, under the first of their ids that was not erased."""
    authors: dict[UUID, UUID] = {}
    left, generation = dict(posts), 0
    while left:
        asked = {id_: author_id(runtime.settings.ids, post, generation) for id_, post in left.items()}
        erased = await _erased(runtime, set(asked.values()))
        authors |= {id_: person for id_, person in asked.items() if person not in erased}
        left = {id_: post for id_, post in left.items() if asked[id_] in erased}
        generation += 1
    return authors


async def _erased(runtime: Runtime, people: set[UUID]) -> set[UUID]:
    async with runtime.pool.connection() as conn:
        found = await conn.execute(
            "select person_id from keys where person_id = any(%s) and wrapped is null", [list(people)]
        )
        return {row[0] for row in await found.fetchall()}
