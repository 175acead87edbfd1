"""The commands of intake: take a complaint in, import many."""

import asyncio
import hashlib
import hmac
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from services.intake.complaint.receiving import (
    Arrival,
    Contact,
    Grievance,
    duplicate,
    identify,
    new_complaint_id,
    receive,
    reference_of,
    refuse,
)
from services.intake.person import state as person
from services.intake.person.view import with_address
from shared.events import Event, Provenance
from shared.events.complaints import ArrivalRecorded, Channel
from shared.eventstore.store import Conflict
from shared.offload import offload
from shared.problems import Unprocessable
from shared.service.runtime import Runtime

TRIES = 5


class KeyUsedForAnotherRequest(Unprocessable):
    """This Idempotency-Key was sent before with other content. Use a new key for a new complaint."""

    def __init__(self, complaint_id: UUID) -> None:
        super().__init__()
        self.complaint_id = complaint_id


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the sender is told; `repeated` when the same request was accepted before."""

    complaint_id: UUID
    reference: str
    position: str | None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to import: a complaint under its own id, or the reasons why it is none."""

    arrival: Arrival
    complaint_id: UUID
    person_id: UUID
    grievance: Grievance
    external_id: str | None
    received_at: datetime | None
    refused: tuple[str, ...] = ()


class Intake:
    """Takes complaints in. Nothing accepted is lost: the answer comes after the commit."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def receive(
        self, channel: Channel, source: str, key: str, grievance: Grievance, contact: Contact,
        *, actor: str, received_at: datetime | None = None, external_id: str | None = None, invented: bool = False,
    ) -> Accepted:  # fmt: skip
        """Accept a complaint once: `source` and `key` name the request, and a repeat gets the first answer."""
        said = [channel, grievance, contact, received_at, external_id, invented]
        arrival = Arrival(channel, source, key, fingerprint=_fingerprint(self.runtime.settings.ids, said))
        by = Provenance(actor, self.runtime.clock.now(), occurred_at=received_at)
        complaint_id = new_complaint_id()
        known = await self._person_with(contact)
        person_id = known or new_complaint_id()
        events: list[Event] = [] if known else [identify(person_id, contact, by)]
        events += receive(complaint_id, person_id, arrival, grievance, by, external_id=external_id, invented=invented)
        try:
            saved = await self.runtime.commits.save(events)
        except Conflict:
            return await self._first_answer(arrival)
        return Accepted(complaint_id, reference_of(complaint_id), await self.runtime.positions.token(saved))

    async def bring_in(self, items: Sequence[Item], *, actor: str) -> dict[str, int]:
        """Take in a batch, all or nothing; looks again when another import brings in the same meanwhile."""
        ids = [item.arrival.id for item in items] + [item.complaint_id for item in items]
        for _ in range(TRIES):
            seen = await asyncio.to_thread(self.runtime.store.existing, ids)
            events, counts = await offload(_sort, items, seen, actor, self.runtime.clock.now())
            with suppress(Conflict):
                await self.runtime.commits.save(events)
                return counts
        raise Conflict("others bring in the same faster than it can be sorted")

    async def _first_answer(self, arrival: Arrival) -> Accepted:
        first = await asyncio.to_thread(self.runtime.store.load, arrival.id, lambda _, event: event)
        if not isinstance(first, ArrivalRecorded) or first.complaint_id is None:
            raise Conflict("an id was taken by something else")
        if first.fingerprint != arrival.fingerprint:
            raise KeyUsedForAnotherRequest(first.complaint_id)
        return Accepted(first.complaint_id, reference_of(first.complaint_id), None, repeated=True)

    async def _person_with(self, contact: Contact) -> UUID | None:
        """Somebody who has complained before, with this address and nothing else than what we know of them."""
        if not contact.email:
            return None
        async with self.runtime.pool.connection() as conn:
            ids = await with_address(conn, contact.email)
        known = await asyncio.to_thread(self.runtime.store.load_many, ids, person.evolve) if ids else {}
        return next((id_ for id_, one in known.items() if person.is_theirs(one, contact)), None)


def _sort(items: Sequence[Item], seen: set[UUID], actor: str, now: datetime) -> tuple[list[Event], dict[str, int]]:
    """What is known already adds nothing, what repeats a complaint is a duplicate; `seen` learns of the rest."""
    events: list[Event] = []
    counts = {"accepted": 0, "duplicate": 0, "refused": 0, "known": 0}
    for item in items:
        by = Provenance(actor, now, occurred_at=item.received_at)
        if item.arrival.id in seen:
            counts["known"] += 1
        elif item.refused:
            counts["refused"] += 1
            events.append(refuse(item.arrival, list(item.refused), by))
        elif item.complaint_id in seen:
            counts["duplicate"] += 1
            events.append(duplicate(item.arrival, item.complaint_id, by))
        else:
            counts["accepted"] += 1
            events += receive(
                item.complaint_id, item.person_id, item.arrival, item.grievance, by, external_id=item.external_id
            )
            seen.add(item.complaint_id)
        seen.add(item.arrival.id)
    return events, counts


def _fingerprint(secret: str, said: object) -> str:
    """Under a key: it stays when the person is erased, and nobody may try names and stories against it."""
    return hmac.new(secret.encode(), orjson.dumps(said), hashlib.sha256).hexdigest()
