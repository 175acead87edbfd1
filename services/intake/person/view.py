"""View of people by their address."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.events.people import PersonErased, PersonIdentified
from shared.projections.view import Table, View, copy

MOST = 100


@dataclass(slots=True)
class Contact:
    person_id: UUID
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    known_since: datetime | None = None
    erased_at: datetime | None = None


people = Table(
    "contact", Contact, person="person_id", personal=["name", "email", "phone"], indexes=["btree (lower(email))"]
)
contacts = View("contacts", version=1, tables=[people])


@people.on(PersonIdentified)
def identified(row: Contact, event: PersonIdentified) -> None:
    copy(row, event)
    row.known_since = event.recorded_at


@people.on(PersonErased)
def erased(row: Contact, event: PersonErased) -> None:
    row.erased_at = event.recorded_at


async def with_address(conn: Any, email: str) -> list[UUID]:
    """Everybody who gave it; a family may share one."""
    found = await conn.execute(
        "select person_id from contact where lower(email) = lower(%s) and erased_at is null order by known_since"
        " limit %s",
        [email, MOST],
    )
    return [row[0] for row in await found.fetchall()]
