"""The commands about being forgotten: erase, hold, lift; and what was deferred is done when its day has come."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from services.intake.complaint.view import complaint_list
from services.intake.erasure.retention import RETENTION, Kept, Retention
from services.intake.erasure.seen import until_seen
from services.intake.erasure.view import Erasure
from services.intake.person import state as person
from services.intake.person.state import Hold, Person
from services.intake.person.view import with_address
from shared.events import Event, Provenance
from shared.eventstore.group_commit import TRIES
from shared.eventstore.store import Conflict, Saved
from shared.features.decider import Asked
from shared.problems import NotFound
from shared.service.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Standing:
    """A person as an erasure finds them."""

    person: Person
    complaints: int
    messages: int
    retention: list[Hold]
    others: list[UUID]
    """Others with the same email address: perhaps the same person, with another name or phone number."""
    destroyed: bool
    """Their key is, and no event says so: they were erased after the backup that was restored. Nothing holds them."""
    holds: list[Hold]
    """Rules and holds that require their data today."""


class Erasures:
    """Decides on what the views say of the person's complaints, and of what staff found that they are about."""

    def __init__(self, runtime: Runtime, retention: Retention | None = None) -> None:
        self.runtime, self.retention = runtime, retention or RETENTION()

    async def standing(self, person_id: UUID) -> Standing:
        """Raises `NotFound` for an id under which nothing was ever sealed."""
        known = await asyncio.to_thread(self.runtime.store.load, person_id, person.evolve)
        held = await self._holds_key(person_id)
        if known is None and held is not None:
            known = Person(person_id, 0)  # of whom we have only words: the author of a mention, or of a row of a file
        if known is None:
            raise NotFound("There is no person with this id.")
        destroyed = held is False and not known.erased
        if destroyed:
            known = replace(known, held_until=None)
        await until_seen(self.runtime, complaint_list)
        async with self.runtime.pool.connection() as conn:
            found = await conn.execute(
                "select received_at, products, invented from complaints where person_id = %s and reference is not null",
                [person_id],
            )
            complaints = [Kept(row[0].date(), tuple(row[1]), row[2]) for row in await found.fetchall()]
            counted = await conn.execute("select count(*) from outgoing where person_id = %s", [person_id])
            messages = await counted.fetchone()
            sharing = await with_address(conn, known.email) if known.email else []
        others = [one for one in sharing if one != person_id]
        retention = [] if destroyed else self.retention.holds(complaints)
        holds = person.holding(known, retention, self.runtime.clock.now().date())
        count = messages[0] if messages else 0
        return Standing(known, len(complaints), count, retention, others, destroyed, holds)

    async def erase(self, person_id: UUID, reason: str, *, actor: str, override: str | None = None) -> list[Saved]:
        """Destroy the person's key and tell every service, or defer it; nothing is saved where that was done before."""

        def decision(at: Standing, by: Provenance) -> list[Event]:
            return person.erase(at.person, reason, by, retention=at.retention, override=override)

        return await self._decide(person_id, actor, decision)

    async def hold(self, person_id: UUID, until: date, reason: str, *, actor: str) -> list[Saved]:
        return await self._decide(person_id, actor, lambda at, by: person.hold(at.person, until, reason, by))

    async def lift(self, person_id: UUID, reason: str, *, actor: str) -> list[Saved]:
        return await self._decide(person_id, actor, lambda at, by: person.lift(at.person, reason, by))

    async def erase_due(self, _: Runtime, row: Erasure, asked: Asked) -> list[Saved]:
        """Erase a person whose day has come; a complaint made since may defer it again."""
        with suppress(person.PersonAlreadyErased):  # the view may be behind an erasure that somebody asked for since
            return await self.erase(row.person_id, row.reason or "", actor=asked.actor)
        return []

    async def _decide(
        self, person_id: UUID, actor: str, decision: Callable[[Standing, Provenance], Sequence[Event]]
    ) -> list[Saved]:
        for _ in range(TRIES):
            at = await self.standing(person_id)
            with suppress(Conflict):
                return await self.runtime.commits.save(decision(at, Provenance(actor, self.runtime.clock.now())))
        raise Conflict(f"{person_id} changes faster than it can be decided")

    async def _holds_key(self, person_id: UUID) -> bool | None:
        """False where it was destroyed, None where there never was one."""
        async with self.runtime.pool.connection() as conn:
            found = await conn.execute("select wrapped is not null from keys where person_id = %s", [person_id])
            row = await found.fetchone()
        return bool(row[0]) if row else None
