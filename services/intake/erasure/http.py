"""The JSON API about people: what an erasure would find, erasing, and holds."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, BaseModel, Field

from services.intake.erasure.commands import Erasures, Standing
from services.intake.erasure.retention import Hold
from shared.events.people import PersonErased
from shared.eventstore.store import Saved
from shared.http.requests import allow, asker
from shared.problems import NotAllowed
from shared.security.permissions import may
from shared.text import printable

Reason = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(printable)]


class ErasePerson(BaseModel):
    """A person asks to be forgotten; this cannot be undone."""

    reason: Reason = Field(description="The ground, for example `GDPR Article 17`; names nobody.")
    override_hold: Reason | None = Field(None, description="Why what holds their data is set aside; names nobody.")


class HoldPerson(BaseModel):
    """Keep a person's data, whatever is asked."""

    reason: Reason = Field(description="Why; names nobody.")
    until: date = Field(description="The first day on which the hold no longer applies.")


class LiftHold(BaseModel):
    reason: Reason = Field(description="Why; names nobody.")


class HeldBy(BaseModel):
    """Something that requires the person's data."""

    name: str = Field(description="A rule of retention, or `hold` for one that was set on the person.")
    until: date
    may_be_overridden: bool


class Found(BaseModel):
    """What intake knows of a person's erasure."""

    person_id: UUID
    state: Literal["known", "deferred", "erased", "destroyed"] = Field(
        description="`destroyed`: their key is, and no event says so, as a backup from before the erasure was"
        " restored. Erase them again to have it on record."
    )
    complaints: int
    messages: int
    holds: list[HeldBy]
    until: date | None = Field(description="The first day on which they may be erased; absent where it is today.")
    others: list[UUID] = Field(description="Who else gave their e-mail address, with another name or telephone number.")


class Decided(BaseModel):
    """Erased now, or deferred."""

    state: Literal["deferred", "erased"]
    position: str | None = Field(description="Wait for it with `at_least`; absent where it was deferred before.")
    holds: list[HeldBy] = Field(description="What defers it, or was set aside.")
    until: date | None = Field(None, description="When a deferred erasure is done, if nothing holds them then.")


def router(erasures: Erasures) -> APIRouter:
    routes = APIRouter(prefix="/api/v1/people", tags=["people"])
    positions = erasures.runtime.positions

    @routes.get("/{person_id}/erasure", dependencies=[allow("people.erase")])
    async def preview(person_id: UUID) -> Found:
        """What an erasure would find, and what holds it."""
        return _found(await erasures.standing(person_id))

    @routes.post("/{person_id}/erasure", dependencies=[allow("people.erase")], responses={202: {"model": Decided}})
    async def erase_person(person_id: UUID, body: ErasePerson, request: Request, response: Response) -> Decided:
        """Destroy the person's key: their words and names are gone everywhere, the figures stay.

        Answers 202 where it is deferred because something requires the person's data.
        """
        before = await erasures.standing(person_id)
        if body.override_hold is not None and not may(asker(request), "people.hold"):
            raise NotAllowed
        saved = await erasures.erase(person_id, body.reason, actor=asker(request).id, override=body.override_hold)
        erased = bool(saved) and isinstance(saved[-1].event, PersonErased)
        response.status_code = 200 if erased else 202
        return Decided(
            state="erased" if erased else "deferred", position=await _token(saved), holds=_held(before.holds),
            until=None if erased else max(one.until for one in before.holds),
        )  # fmt: skip

    @routes.put("/{person_id}/hold", dependencies=[allow("people.hold")])
    async def hold(person_id: UUID, body: HoldPerson, request: Request) -> dict[str, str | None]:
        """Set a hold, in place of an earlier one."""
        saved = await erasures.hold(person_id, body.until, body.reason, actor=asker(request).id)
        return {"position": await _token(saved)}

    @routes.post("/{person_id}/hold/lifting", dependencies=[allow("people.hold")])
    async def lift(person_id: UUID, body: LiftHold, request: Request) -> dict[str, str | None]:
        """End a hold before its day."""
        saved = await erasures.lift(person_id, body.reason, actor=asker(request).id)
        return {"position": await _token(saved)}

    async def _token(saved: list[Saved]) -> str | None:
        return await positions.token(saved) if saved else None

    return routes


def _held(holds: list[Hold]) -> list[HeldBy]:
    return [HeldBy(name=one.name, until=one.until, may_be_overridden=one.may_be_overridden) for one in holds]


def _found(at: Standing) -> Found:
    return Found(
        person_id=at.person.id, state=_state(at), complaints=at.complaints, messages=at.messages, holds=_held(at.holds),
        until=max((one.until for one in at.holds), default=None), others=at.others,
    )  # fmt: skip


def _state(at: Standing) -> Literal["known", "deferred", "erased", "destroyed"]:
    if at.person.erased or at.destroyed:
        return "erased" if at.person.erased else "destroyed"
    return "deferred" if at.person.deferred_until else "known"
