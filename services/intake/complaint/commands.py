"""Take a complaint in: once, however often it is sent."""

import asyncio
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from services.intake.complaint.receiving import (
    Arrival,
    Grievance,
    new_complaint_id,
    receive,
    reference_of,
)
from services.intake.person import state as person
from services.intake.person.state import Contact
from services.intake.person.view import with_address
from shared.events import Event, Provenance
from shared.events.complaints import ArrivalRecorded
from shared.eventstore.store import Conflict
from shared.problems import Unprocessable
from shared.service.runtime import Runtime


class KeyUsedForAnotherRequest(Unprocessable):
    """This Idempotency-Key was sent before with other content. Use a new key for a new complaint."""

    def __init__(self, complaint_id: UUID) -> None:
        super().__init__()
        self.complaint_id = complaint_id


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to the sender; `repeated` if the same request was accepted before."""

    complaint_id: UUID
    reference: str
    position: str | None
    repeated: bool = False


async def accept(
    runtime: Runtime, channel: str, source: str, key: str, grievance: Grievance, contact: Contact,
    *, actor: str, received_at: datetime | None = None, external_id: str | None = None, invented: bool = False,
) -> Accepted:  # fmt: skip
    """Accept a complaint once: `source` and `key` name the request, and a repeat gets the first answer.

    Nothing accepted is lost: the answer comes after the commit.
    """
    said = [channel, grievance, contact, received_at, external_id, invented]
    arrival = Arrival(channel, source, key, fingerprint=_fingerprint(runtime.settings.ids, said))
    by = Provenance(actor, runtime.clock.now(), occurred_at=received_at)
    complaint_id = new_complaint_id()
    known = await _person_with(runtime, contact)
    person_id = known or new_complaint_id()
    events: list[Event] = [] if known else [person.identify(person_id, contact, by)]
    events += receive(complaint_id, person_id, arrival, grievance, by, external_id=external_id, invented=invented)
    try:
        saved = await runtime.commits.save(events)
    except Conflict:
        return await _first_answer(runtime, arrival)
    return Accepted(complaint_id, reference_of(complaint_id), await runtime.positions.token(saved))


async def _first_answer(runtime: Runtime, arrival: Arrival) -> Accepted:
    first = await asyncio.to_thread(runtime.store.load, arrival.id, lambda _, event: event)
    if not isinstance(first, ArrivalRecorded) or first.complaint_id is None:
        raise Conflict("an id was taken by something else")
    if first.fingerprint != arrival.fingerprint:
        raise KeyUsedForAnotherRequest(first.complaint_id)
    return Accepted(first.complaint_id, reference_of(first.complaint_id), None, repeated=True)


async def _person_with(runtime: Runtime, contact: Contact) -> UUID | None:
    """Somebody who has complained before, with this address and nothing else than what we know of them."""
    if not contact.email:
        return None
    async with runtime.pool.connection() as conn:
        ids = await with_address(conn, contact.email)
    known = await asyncio.to_thread(runtime.store.load_many, ids, person.evolve) if ids else {}
    return next((id_ for id_, one in known.items() if person.is_theirs(one, contact)), None)


def _fingerprint(secret: str, said: object) -> str:
    """Under a key: it stays when the person is erased, and nobody may try names and stories against it."""
    return hmac.new(secret.encode(), orjson.dumps(said), hashlib.sha256).hexdigest()
