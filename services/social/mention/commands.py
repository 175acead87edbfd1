"""The commands of social: capture mentions, make one a complaint, dismiss, restore."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from services.social.mention import state as mention
from services.social.mention.state import Mention, Post, Reason, author_id, mention_id
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


@dataclass(frozen=True, slots=True)
class Promoted:
    """The complaint that a mention is; nothing is saved when it was one before."""

    complaint_id: UUID
    saved: list[Saved]


class Social:
    """Takes mentions in and decides what becomes of them."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._secret = runtime.settings.ids

    async def capture(self, posts: Sequence[Post], *, actor: str) -> Captured:
        """Take in what is not known yet, all or nothing; looks again when others write or erase meanwhile."""
        ids = [mention_id(self._secret, post) for post in posts]
        for attempt in range(TRIES):
            known = await asyncio.to_thread(self.runtime.store.existing, ids)
            fresh = {id_: post for id_, post in zip(ids, posts, strict=True) if id_ not in known}
            events = await self._events(fresh, actor)
            try:
                return Captured(ids, set(fresh), await self.runtime.commits.save(events))
            except (Conflict, PersonWasErased):
                if attempt == TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    async def promote(self, id_: UUID, *, actor: str) -> Promoted:
        """Make the mention a complaint, or answer which one it is."""
        by, complaint_id = Provenance(actor, self.runtime.clock.now()), uuid7()
        saved = await self._decide(id_, lambda m: mention.promote(m, complaint_id, by))
        if saved:
            return Promoted(complaint_id, saved)
        state = await asyncio.to_thread(self.runtime.store.load, id_, mention.evolve)
        assert state is not None and state.complaint_id is not None
        return Promoted(state.complaint_id, [])

    async def dismiss(self, id_: UUID, reason: Reason, *, actor: str) -> list[Saved]:
        """Say that the mention needs no work."""
        by = Provenance(actor, self.runtime.clock.now())
        return await self._decide(id_, lambda m: mention.dismiss(m, reason, by))

    async def restore(self, id_: UUID, *, actor: str) -> list[Saved]:
        """Undo a dismissal."""
        by = Provenance(actor, self.runtime.clock.now())
        return await self._decide(id_, lambda m: mention.restore(m, by))

    async def _events(self, posts: dict[UUID, Post], actor: str) -> list[Event]:
        now = self.runtime.clock.now()
        authors = await self._authors(posts)
        return [
            event
            for id_, post in posts.items()
            for event in mention.capture(id_, authors[id_], post, Provenance(actor, now, occurred_at=post.posted_at))
        ]

    async def _authors(self, posts: dict[UUID, Post]) -> dict[UUID, UUID]:
        """Each post's author, under the first of their ids that was not erased."""
        authors: dict[UUID, UUID] = {}
        left, generation = dict(posts), 0
        while left:
            asked = {id_: author_id(self._secret, post, generation) for id_, post in left.items()}
            erased = await self._erased(set(asked.values()))
            authors |= {id_: person for id_, person in asked.items() if person not in erased}
            left = {id_: post for id_, post in left.items() if asked[id_] in erased}
            generation += 1
        return authors

    async def _erased(self, people: set[UUID]) -> set[UUID]:
        async with self.runtime.pool.connection() as conn:
            found = await conn.execute(
                "select person_id from keys where person_id = any(%s) and wrapped is null", [list(people)]
            )
            return {row[0] for row in await found.fetchall()}

    async def _decide(self, id_: UUID, decision: Callable[[Mention], Sequence[Event]]) -> list[Saved]:
        return await self.runtime.commits.decide(id_, mention.evolve, decision)
