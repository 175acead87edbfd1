"""A person as an erasure finds them: what is theirs, and the rules and holds that require it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from uuid import UUID

from services.intake.complaint.view import complaint_list
from services.intake.erasure.retention import RETENTION, Kept
from services.intake.erasure.seen import until_seen
from services.intake.person import state as person
from services.intake.person.state import Hold, Person
from services.intake.person.view import with_address
from shared.events import Event
from shared.features.decider import Decider
from shared.problems import NotFound
from shared.service.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Standing:
    """The state that is decided on."""

    person: Person
    complaints: int
    messages: int
    retention: Sequence[Hold]
    others: Sequence[UUID]
    """Others with the same email address: perhaps the same person, with another name or phone number."""
    destroyed: bool
    """Their key is, and no event says so: they were erased after the backup that was restored. Nothing holds them."""
    holds: Sequence[Hold]
    """Rules and holds that require their data today."""

    @property
    def id(self) -> UUID:
        return self.person.id

    @property
    def version(self) -> int:
        return self.person.version

    @property
    def until(self) -> date | None:
        return None if self.person.erased else max((one.until for one in self.holds), default=None)

    @property
    def state(self) -> Literal["known", "deferred", "erased", "destroyed"]:
        if self.person.erased or self.destroyed:
            return "erased" if self.person.erased else "destroyed"
        return "deferred" if self.person.deferred_until else "known"


def evolve(at: Standing | None, event: Event) -> Standing:
    assert at is not None, "it is loaded"
    return replace(at, person=person.evolve(at.person, event))


class Standings(Decider[Standing]):
    """Decides on what the views say of the person's complaints, and of what staff found that they are about."""

    async def load(self, runtime: Runtime, id_: UUID) -> Standing:
        """Raises `NotFound` for an id under which nothing was ever sealed."""
        known = await asyncio.to_thread(runtime.commits.store.load, id_, person.evolve)
        async with runtime.pool.connection() as conn:
            found = await conn.execute("select wrapped is not null from keys where person_id = %s", [id_])
            key = await found.fetchone()
            if known is None and key is None:
                raise NotFound("There is no person with this id.")
            known = known or Person(
                id_, 0
            )  # of whom we have only words: the author of a mention, or of a row of a file
            destroyed = key == (False,) and not known.erased
            if destroyed:
                known = replace(known, held_until=None)
            await until_seen(runtime, conn, complaint_list)
            found = await conn.execute(
                "select received_at, products, invented from complaints where person_id = %s and reference is not null",
                [id_],
            )
            complaints = [
                Kept(at.date(), tuple(products), invented) for at, products, invented in await found.fetchall()
            ]
            found = await conn.execute("select count(*) from outgoing where person_id = %s", [id_])
            [messages] = await found.fetchone() or [0]
            sharing = await with_address(conn, known.email) if known.email else []
        retention = [] if destroyed else RETENTION().holds(complaints)
        holds = person.holding(known, retention, runtime.clock.now().date())
        others = [one for one in sharing if one != id_]
        return Standing(known, len(complaints), messages, retention, others, destroyed, holds)
