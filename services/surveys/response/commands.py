"""The commands of surveys: a person answers, or staff withdraw what they were asked."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

from services.surveys.questionnaire.definition import Questionnaire, Questionnaires
from services.surveys.response import state as response
from services.surveys.response.state import Response
from shared.events import Provenance
from shared.eventstore.store import Saved
from shared.problems import NotFound, PersonWasErased
from shared.service.runtime import Runtime


class Surveys:
    """Takes answers and withdraws invitations; a link opens one response and nothing else."""

    def __init__(self, runtime: Runtime, questionnaires: Questionnaires) -> None:
        self.runtime = runtime
        self.questionnaires = questionnaires

    def read_link(self, signed: str) -> UUID:
        """The response that a link of ours opens."""
        try:
            return UUID(str(self.runtime.signer.read("survey", signed)))
        except ValueError:
            raise NotFound("This link is not complete. Copy all of it from our message, then try again.") from None

    async def open(self, response_id: UUID) -> tuple[Response, Questionnaire]:
        """The response as its events say now, and what it asks."""
        found = await asyncio.to_thread(self.runtime.store.load, response_id, response.evolve)
        asked = None if found is None else self.questionnaires.get(found.questionnaire)
        if found is None or asked is None:
            raise NotFound("We cannot find this survey. Nothing that you sent was lost.")
        return found, asked

    async def answer(self, response_id: UUID, given: Mapping[str, str]) -> list[Saved]:
        """Record the answers, once, sealed for their person while they have a key."""
        found, asked = await self.open(response_id)
        await self.ensure_known(found)
        by = Provenance("customer", self.runtime.clock.now())
        return await self.runtime.commits.decide(
            response_id, response.evolve, lambda state: response.answer(state, asked, given, by)
        )

    async def ensure_known(self, found: Response) -> None:
        """Raises `PersonWasErased`."""
        if await self.runtime.keys.fetch({found.person_id}):
            raise PersonWasErased

    async def withdraw(self, response_id: UUID, *, actor: str) -> list[Saved]:
        """Stop the link of one response; nothing is saved where it opens nothing any more."""
        by = Provenance(actor, self.runtime.clock.now())
        return await self.runtime.commits.decide(
            response_id, response.evolve, lambda state: response.withdraw(state, by)
        )
