"""Group commit: commands that arrive together are saved in one transaction, and each gets its own answer."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from uuid import UUID

from shared.events import Event
from shared.eventstore.store import Conflict, Fold, S, Saved, Store
from shared.keys.follower import KeyFollower
from shared.keys.keyring import KeyMissing
from shared.problems import NotFound, PersonWasErased
from shared.telemetry import current_traceparent, span

TRIES = 5
MOST = 500
Waiting = tuple[Sequence[Event], dict[str, str], asyncio.Future[list[Saved]]]


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

    async def save(self, events: Sequence[Event]) -> list[Saved]:
        """All of `events` or none; `Conflict` where a version is taken, `PersonWasErased` where a key is gone."""
        if not events:
            return []
        try:
            return await self._save(events)
        except KeyMissing as missing:
            if self.keys is None or missing.person in await self.keys.fetch({missing.person}):
                raise PersonWasErased from missing
            return await self._save(events)

    async def _save(self, events: Sequence[Event]) -> list[Saved]:
        with span("store", {"events": len(events)}):
            trace = current_traceparent()
            traces = {f"{e.originator_id}/{e.originator_version}": trace for e in events} if trace else {}
            saved: asyncio.Future[list[Saved]] = asyncio.get_running_loop().create_future()
            self._waiting.append((events, traces, saved))
            if self._saving is None or self._saving.done():
                self._saving = asyncio.create_task(self._drain())
            return await saved

    async def _drain(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                await self._together(group)
            except (Conflict, KeyMissing):
                for one in group:
                    await self._alone(one)
            except Exception as error:
                for _, _, saved in group:
                    if not saved.done():
                        saved.set_exception(error)

    async def _together(self, group: Sequence[Waiting]) -> None:
        events = [event for events, _, _ in group for event in events]
        traces = {key: trace for _, traces, _ in group for key, trace in traces.items()}
        rows = iter(await asyncio.to_thread(self.store.put, events, traces=traces))
        for events_, _, saved in group:
            answer = [next(rows) for _ in events_]
            if not saved.done():
                saved.set_result(answer)

    async def _alone(self, one: Waiting) -> None:
        """So that only the loser of a conflict fails."""
        events, traces, saved = one
        try:
            answer = await asyncio.to_thread(self.store.put, events, traces=traces)
        except Exception as error:
            if not saved.done():
                saved.set_exception(error)
        else:
            if not saved.done():
                saved.set_result(answer)
