"""Take many complaints in from a file: each once, however often the file is sent."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.intake.complaint.receiving import Arrival, Grievance, duplicate, receive, refuse
from shared.events import Event, Provenance
from shared.eventstore.store import Conflict
from shared.offload import offload
from shared.service.runtime import Runtime

TRIES = 5


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


async def bring_in(runtime: Runtime, items: Sequence[Item], *, actor: str) -> dict[str, int]:
    """Take in a batch, all or nothing; looks again when another import brings in the same meanwhile."""
    ids = [item.arrival.id for item in items] + [item.complaint_id for item in items]
    for _ in range(TRIES):
        seen = await asyncio.to_thread(runtime.store.existing, ids)
        events, counts = await offload(_sort, items, seen, actor, runtime.clock.now())
        with suppress(Conflict):
            await runtime.commits.save(events)
            return counts
    raise Conflict("others bring in the same faster than it can be sorted")


def _sort(items: Sequence[Item], seen: set[UUID], actor: str, now: datetime) -> tuple[list[Event], dict[str, int]]:
    """Accept new rows; a known row adds nothing, a repeated complaint is a duplicate, and `seen` collects the rest."""
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
