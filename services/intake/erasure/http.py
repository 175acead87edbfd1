"""The JSON API about people: what an erasure would find; and the actions on their data."""

from datetime import date
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.intake.erasure.actions import people
from services.intake.person.state import Hold
from shared.http.requests import allow
from shared.service.runtime import CurrentRuntime


class Found(BaseModel):
    """The state of a person's erasure."""

    model_config = ConfigDict(from_attributes=True)

    person_id: UUID = Field(validation_alias="id")
    state: Literal["known", "deferred", "erased", "destroyed"] = Field(
        description="`destroyed`: their key is, and no event says so, as a backup from before the erasure was"
        " restored. Erase them again to have it on record."
    )
    complaints: int
    messages: int
    holds: list[Hold]
    until: date | None = Field(description="The first day on which they may be erased; absent where it is today.")
    others: list[UUID] = Field(description="Who else gave their e-mail address, with another name or telephone number.")


routes = APIRouter(prefix="/api/v1/people", tags=["people"])


@routes.get("/{person_id}/erasure", dependencies=[allow("people.erase")])
async def preview(runtime: CurrentRuntime, person_id: UUID) -> Found:
    """Preview an erasure: its extent, and the rules and holds that defer it."""
    return Found.model_validate(await people.decider.load(runtime, person_id))
