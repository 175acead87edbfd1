"""Commands on customers' links: open one, revoke them all, send a new one to the address on record."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid5

from services.intake.complaint import links
from services.intake.complaint.links import Links
from services.intake.message import letters
from services.intake.message.receiving import receive_message
from services.intake.person import state as person
from services.intake.settings import IntakeSettings
from shared.events import Event, Provenance
from shared.events.complaints import ComplaintReceived
from shared.eventstore.store import Conflict, Saved
from shared.problems import NotFound, PersonWasErased
from shared.service.runtime import Runtime
from shared.text import reference_in

KNOWN_BY = """
select c.complaint_id from complaints c join contact p using (person_id)
where c.reference = %s and lower(p.email) = lower(%s) and p.erased_at is null
"""


class Tracking:
    """Asks the events themselves: a link that was stopped a moment ago is stopped."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._age = timedelta(days=IntakeSettings.of(runtime.settings).link_days)

    async def open(self, signed: str) -> UUID:
        """The complaint that the link opens; raises `NotFound`, `LinkStopped` or `LinkExpired`."""
        link = links.read(self.runtime.signer, signed)
        links.ensure_open(link, await self._links(link.complaint_id), self.runtime.clock.now() - self._age)
        return link.complaint_id

    async def revoke(self, complaint_id: UUID, *, actor: str, send: bool = False) -> None:
        """Every link to the complaint ends; somebody else doing the same at once is as good. Then `send` a new one."""
        await self._received(complaint_id)
        state = await self._links(complaint_id)
        with suppress(Conflict):
            await self.runtime.commits.save(links.revoke(state, Provenance(actor, self.runtime.clock.now())))
        if send:
            await self.send(complaint_id, actor=actor)

    async def send(self, complaint_id: UUID, *, actor: str) -> None:
        """A new link by mail, at most one a day; nothing where we know no address."""
        received, now = await self._received(complaint_id), self.runtime.clock.now()
        to = await asyncio.to_thread(self.runtime.store.load, received.person_id, person.evolve)
        if to is None or to.erased or to.email is None:
            return
        state = await self._links(complaint_id)
        link = links.make(self.runtime.signer, self.runtime.settings.url, complaint_id, state.generation)
        message = uuid5(links.links_id(complaint_id), f"{state.generation} {now:%Y-%m-%d}")
        with suppress(Conflict, PersonWasErased):
            await self.runtime.commits.save(letters.new_link(message, received, to, link, Provenance(actor, now)))

    async def write(self, complaint_id: UUID, key: str, text: str) -> Sequence[Saved]:
        """Take in the customer's message, once; nothing once they are erased."""
        about = await self._received(complaint_id)
        by = Provenance("customer", self.runtime.clock.now())
        with suppress(Conflict, PersonWasErased):
            return await self.runtime.commits.save([receive_message(about, "web", key, text, by)])
        return []

    async def send_by_link(self, signed: str) -> None:
        """To whoever the link was made for, whether or not it still works."""
        with suppress(NotFound):
            await self.send(links.read(self.runtime.signer, signed).complaint_id, actor="customer")

    async def send_by_reference(self, reference: str, email: str) -> None:
        """Send a link if reference and address match; otherwise do nothing, and do not say which was wrong."""
        async with self.runtime.pool.connection() as conn:
            row = await (await conn.execute(KNOWN_BY, [reference_in(reference), email.strip()])).fetchone()
        if row:
            await self.send(row[0], actor="customer")

    async def _links(self, complaint_id: UUID) -> Links:
        known = await asyncio.to_thread(self.runtime.store.load, links.links_id(complaint_id), links.evolve)
        return known or Links(complaint_id)

    async def _received(self, complaint_id: UUID) -> ComplaintReceived:
        found = await asyncio.to_thread(self.runtime.store.load, complaint_id, _first)
        if not isinstance(found, ComplaintReceived):
            raise NotFound("There is no complaint with this id.")
        return found


def _first(before: Event | None, event: Event) -> Event:
    return before or event
