"""Group commit: commands that arrive together are saved in one transaction, and each gets its own answer."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from shared.events import Event
from shared.eventstore.requests import Request
from shared.eventstore.store import Conflict, Fold, S, Saved, Store
from shared.keys.follower import KeyFollower
from shared.keys.keyring import KeyMissing
from shared.problems import NotFound, PersonWasErased
from shared.telemetry import current_traceparent, span

TRIES = 5
MOST = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """A save that waits for the next commit."""

    events: Sequence[Event]
    request: Request | None
    trace: str | None
    saved: asyncio.Future[list[Saved]]


class Committer:
    """Loads, decides and saves for many callers at once, with one save under way at a time."""

    def __init__(self, store: Store, keys: KeyFollower | None = None) -> None:
        self.store = store
        self.keys = keys
        self._waiting: list[Waiting] = []
        self._saving: asyncio.Task[None] | None = None

    async def decide(self, originator_id: UUID, fold: Fold[S], decision: Callable[[S], Sequence[Event]]) -> list[Saved]:
        """Fold, decide, save; decides again on what somebody else has written meanwhile."""
        for _ in range(TRIES):
            state = await asyncio.to_thread(self.store.load, originator_id, fold)
            if state is None:
                raise NotFound
            events = decision(state)
            with suppress(Conflict):
                return await self.save(events)
        raise Conflict(f"{originator_id} changes faster than it can be decided")

    async def save(self, events: Sequence[Event], request: Request | None = None) -> list[Saved]:
        """All of `events` or none; `Conflict` where a version is taken, `PersonWasErased` where a key is gone.

        With a `request`, that it was answered is stored in the same transaction, also where there is no event.
        """
        if not events and request is None:
            return []
        try:
            return await self._save(events, request)
        except KeyMissing as missing:
            if self.keys is None or missing.person in await self.keys.fetch({missing.person}):
                raise PersonWasErased from missing
            return await self._save(events, request)

    async def _save(self, events: Sequence[Event], request: Request | None) -> list[Saved]:
        with span("store", {"events": len(events)}):
            saved: asyncio.Future[list[Saved]] = asyncio.get_running_loop().create_future()
            self._waiting.append(Waiting(events, request, current_traceparent(), saved))
            if self._saving is None or self._saving.done():
                self._saving = asyncio.create_task(self._drain())
            return await saved

    async def _drain(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            await self._commit(group)

    async def _commit(self, group: Sequence[Waiting]) -> None:
        """All in one transaction; each by itself where that fails by one of them, so that only the loser does."""
        events = [event for one in group for event in one.events]
        traces = {event.id: one.trace for one in group if one.trace for event in one.events}
        requests = [(one.request, len(one.events)) for one in group if one.request]
        try:
            rows = iter(await asyncio.to_thread(self.store.put, events, traces=traces, requests=requests))
        except Exception as error:
            if len(group) > 1 and isinstance(error, (Conflict, KeyMissing)):
                for one in group:
                    await self._commit([one])
                return
            for one in group:
                if not one.saved.done():
                    one.saved.set_exception(error)
            return
        for one in group:
            answer = [next(rows) for _ in one.events]
            if not one.saved.done():
                one.saved.set_result(answer)
