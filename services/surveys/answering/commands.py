"""The customer's link to a survey, and what they answer; a link opens one response and nothing else."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

from services.surveys.questionnaire.definition import Questionnaire, load_questionnaires
from services.surveys.response import state as response
from services.surveys.response.state import Response
from shared.events import Provenance
from shared.eventstore.store import Saved
from shared.problems import NotFound, PersonWasErased
from shared.service.runtime import Runtime


def read_link(runtime: Runtime, signed: str) -> UUID:
    """The response that a link of ours opens."""
    try:
        return UUID(str(runtime.signer.read("survey", signed)))
    except ValueError:
        raise NotFound("This link is not complete. Copy all of it from our message, then try again.") from None


async def find(runtime: Runtime, response_id: UUID) -> tuple[Response, Questionnaire]:
    """The response as its events say now, and what it asks."""
    found = await asyncio.to_thread(runtime.store.load, response_id, response.evolve)
    asked = None if found is None else load_questionnaires().get(found.questionnaire)
    if found is None or asked is None:
        raise NotFound("We cannot find this survey. Nothing that you sent was lost.")
    return found, asked


async def answer(runtime: Runtime, response_id: UUID, given: Mapping[str, str]) -> list[Saved]:
    """Record the answers, once, sealed for their person while they have a key."""
    found, asked = await find(runtime, response_id)
    await ensure_known(runtime, found)
    by = Provenance("customer", runtime.clock.now())
    return await runtime.commits.decide(
        response_id, response.evolve, lambda state: response.answer(state, asked, given, by)
    )


async def ensure_known(runtime: Runtime, found: Response) -> None:
    """Raises `PersonWasErased`."""
    if await runtime.keys.fetch({found.person_id}):
        raise PersonWasErased
