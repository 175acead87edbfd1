"""Decides for whoever asks: load, decide, save, again on a conflict; a request with a key is answered once."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from typing import Generic, TypeVar
from uuid import UUID

from uuid_utils.compat import uuid7

from shared.events import Event, Provenance
from shared.events.base import Versioned
from shared.eventstore import requests
from shared.eventstore.requests import Request
from shared.eventstore.store import Conflict, Fold, Saved
from shared.problems import NotFound, RuleBroken
from shared.service.runtime import Runtime

S = TypeVar("S", bound=Versioned)
TRIES = 5


class ChangedMeanwhile(RuleBroken):
    """Someone changed this since you loaded it. Load it again, then decide."""

    status = 412


@dataclass(frozen=True, slots=True)
class Asked:
    """The actor, the version they were looking at, and the idempotency key, if given."""

    actor: str
    version: int | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Done(Generic[S]):
    """`position` is where the last event came to stand, None where nothing had to change; `before` the state that was
    decided on, None where an earlier answer is given again; `state` what it is now."""

    id: UUID
    position: str | None
    saved: Sequence[Saved]
    before: S | None
    state: S


class Decider(Generic[S]):
    """The decisions about one kind of aggregate."""

    def __init__(self, topic: str, evolve: Fold[S]) -> None:
        self.topic, self.evolve = topic, evolve

    async def decide(
        self, runtime: Runtime, id_: UUID, decision: Callable[[S, Provenance], Sequence[Event]], asked: Asked,
        name: str = "", content: object = None,
    ) -> Done[S]:  # fmt: skip
        """Raises `NotFound`, `ChangedMeanwhile`, `KeyUsedForAnotherRequest` or what the decision refuses.

        `name` and `content` are what a request with a key asks for.
        """
        request, first, new_id = None, None, uuid7()
        if asked.key:
            request = Request.of(runtime.settings.ids, asked.key, [self.topic, asked.actor, name, id_], content)
            new_id = request.new_id
        for _ in range(TRIES):
            if request:
                async with runtime.pool.connection() as conn:
                    first = await requests.find(conn, request)
            state = await self.load(runtime, id_)
            if first:
                return Done(new_id, await self._position(runtime, first), [], None, state)
            if asked.version not in (None, state.version):
                raise ChangedMeanwhile
            events = decision(state, Provenance(asked.actor, runtime.clock.now(), new_id=new_id))
            with suppress(Conflict):
                saved = await runtime.commits.save(events, request)
                position = await runtime.positions.token(saved) if saved else None
                return Done(new_id, position, saved, state, reduce(self.evolve, events, state))
        raise Conflict(f"{id_} changes faster than it can be decided")

    async def load(self, runtime: Runtime, id_: UUID) -> S:
        """The state to decide on; raises `NotFound`."""
        state = await asyncio.to_thread(runtime.commits.store.load, id_, self.evolve)
        if state is None:
            raise NotFound
        return state

    async def _position(self, runtime: Runtime, first: requests.Answered) -> str | None:
        if first.originator_id is None or first.position is None:
            return None
        return await runtime.positions.token_of(self.topic, first.originator_id, first.position)
