"""The JSON API about people: what an erasure would find, erasing, and holds."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, BaseModel, Field

from services.intake.erasure.commands import Erasures, Standing
from services.intake.person.state import Hold
from shared.events.people import PersonErased
from shared.eventstore.store import Saved
from shared.http.requests import allow, asker
from shared.problems import NotAllowed
from shared.security.permissions import may
from shared.service.runtime import CurrentRuntime, Runtime
from shared.text import printable

Reason = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(printable)]


def _reason(title: str, hint: str, description: str = "Why; names nobody.", **more: Any) -> Any:
    return Field(
        title=title, description=description,
        json_schema_extra={"hint": hint, "enter": "Enter a reason of 200 characters or fewer"}, **more,
    )  # fmt: skip


class ErasePerson(BaseModel):
    """A person asks to be forgotten; this cannot be undone."""

    reason: Reason = _reason(
        title="Legal basis", hint="For example GDPR Article 17. This is kept permanently. Do not include names.",
        description="The ground, for example `GDPR Article 17`; names nobody.",
    )  # fmt: skip
    override_hold: Reason | None = _reason(
        title="Reason for override",
        hint="With a reason they are erased now, otherwise on the date above. Do not include names.",
        description="Why what holds their data is set aside; names nobody.", default=None,
    )  # fmt: skip


class HoldPerson(BaseModel):
    """Keep a person's data, whatever is asked."""

    until: date = Field(
        title="Hold until", description="The first day on which the hold no longer applies.",
        json_schema_extra={"enter": "Enter a date after today"},
    )  # fmt: skip
    reason: Reason = _reason(title="Why", hint="For example legal proceedings. Do not include names.")


class LiftHold(BaseModel):
    reason: Reason = _reason("Reason for lifting the hold", "Retention rules still apply")


class Found(BaseModel):
    """The state of a person's erasure."""

    person_id: UUID
    state: Literal["known", "deferred", "erased", "destroyed"] = Field(
        description="`destroyed`: their key is, and no event says so, as a backup from before the erasure was"
        " restored. Erase them again to have it on record."
    )
    complaints: int
    messages: int
    holds: list[Hold]
    until: date | None = Field(description="The first day on which they may be erased; absent where it is today.")
    others: list[UUID] = Field(description="Who else gave their e-mail address, with another name or telephone number.")


class Decided(BaseModel):
    """Erased now, or deferred."""

    state: Literal["deferred", "erased"]
    position: str | None = Field(description="Wait for it with `at_least`; absent where it was deferred before.")
    holds: list[Hold] = Field(description="What defers it, or was set aside.")
    until: date | None = Field(None, description="When a deferred erasure is done, if nothing holds them then.")


routes = APIRouter(prefix="/api/v1/people", tags=["people"])


@routes.get("/{person_id}/erasure", dependencies=[allow("people.erase")])
async def preview(runtime: CurrentRuntime, person_id: UUID) -> Found:
    """Preview an erasure: its extent, and the rules and holds that defer it."""
    return _found(await Erasures(runtime).standing(person_id))


@routes.post("/{person_id}/erasure", dependencies=[allow("people.erase")], responses={202: {"model": Decided}})
async def erase_person(
    runtime: CurrentRuntime, person_id: UUID, body: ErasePerson, request: Request, response: Response
) -> Decided:
    """Destroy the person's key: their words and names are gone everywhere, the figures stay.

    Answers 202 where it is deferred because something requires the person's data.
    """
    before = await Erasures(runtime).standing(person_id)
    check_override(request, body)
    saved = await Erasures(runtime).erase(person_id, body.reason, actor=asker(request).id, override=body.override_hold)
    erased = bool(saved) and isinstance(saved[-1].event, PersonErased)
    response.status_code = 200 if erased else 202
    return Decided(
        state="erased" if erased else "deferred", position=await _token(runtime, saved), holds=before.holds,
        until=None if erased else max(one.until for one in before.holds),
    )  # fmt: skip


@routes.put("/{person_id}/hold", dependencies=[allow("people.hold")])
async def hold(runtime: CurrentRuntime, person_id: UUID, body: HoldPerson, request: Request) -> dict[str, str | None]:
    """Set a hold, in place of an earlier one."""
    saved = await Erasures(runtime).hold(person_id, body.until, body.reason, actor=asker(request).id)
    return {"position": await _token(runtime, saved)}


@routes.post("/{person_id}/hold/lifting", dependencies=[allow("people.hold")])
async def lift(runtime: CurrentRuntime, person_id: UUID, body: LiftHold, request: Request) -> dict[str, str | None]:
    """End a hold before its day."""
    saved = await Erasures(runtime).lift(person_id, body.reason, actor=asker(request).id)
    return {"position": await _token(runtime, saved)}


def check_override(request: Request, asked: ErasePerson) -> None:
    """Raises `NotAllowed` where somebody sets aside a hold who may set none."""
    if asked.override_hold is not None and not may(asker(request), "people.hold"):
        raise NotAllowed


async def _token(runtime: Runtime, saved: list[Saved]) -> str | None:
    return await runtime.positions.token(saved) if saved else None


def _found(at: Standing) -> Found:
    return Found(
        person_id=at.person.id, state=_state(at), complaints=at.complaints, messages=at.messages, holds=at.holds,
        until=max((one.until for one in at.holds), default=None), others=at.others,
    )  # fmt: skip


def _state(at: Standing) -> Literal["known", "deferred", "erased", "destroyed"]:
    if at.person.erased or at.destroyed:
        return "erased" if at.person.erased else "destroyed"
    return "deferred" if at.person.deferred_until else "known"
