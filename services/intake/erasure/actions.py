"""Actions on a person's data: erase it, hold it, and lift the hold."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasPath, BaseModel, Field

from services.intake.erasure.standing import Standing, Standings, evolve
from services.intake.erasure.view import Erasure
from services.intake.person import state as person
from services.intake.person.state import Hold
from shared.events import Event, Provenance
from shared.eventstore.store import Saved
from shared.features.action import Actions, Position
from shared.features.decider import Asked
from shared.problems import NotAllowed
from shared.security.permissions import Who, may
from shared.service.runtime import Runtime
from shared.text import not_blank, printable
from shared.web.templating import gettext as _

Reason = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(printable), AfterValidator(not_blank)]


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


class Decided(Position):
    """Erased now, or deferred."""

    position: str | None = Field(description="Wait for it with `at_least`; absent where it was deferred before.")
    state: Literal["deferred", "erased"] = Field(validation_alias=AliasPath("state", "state"))
    holds: list[Hold] = Field(
        validation_alias=AliasPath("state", "holds"), description="What defers it, or was set aside."
    )
    until: date | None = Field(
        validation_alias=AliasPath("state", "until"),
        description="When a deferred erasure is done, if nothing holds them then.",
    )


def ensure_may_override(who: Who, asked: ErasePerson) -> None:
    """Raises `NotAllowed` where somebody sets aside a hold who may set none."""
    if asked.override_hold is not None and not may(who, "people.hold"):
        raise NotAllowed


def _said(at: Standing, *_asked: object) -> str:
    if at.person.erased:
        return _("Erased. Names and text are gone. Dates and figures remain")
    return _("Erasure requested. It happens automatically once nothing requires their data")


people = Actions(
    "/intake/people/{person_id}", Standings("people", evolve), may="people.hold", api="/people/{person_id}"
)


@people("/hold", title="Set a hold", button="Hold", said="Hold set", method="PUT")
def hold(at: Standing, asked: HoldPerson, by: Provenance) -> list[Event]:
    """Set a hold, in place of an earlier one."""
    return person.hold(at.person, asked.until, asked.reason, by)


@people("/hold/lifting", title="Lift the hold", said="Hold lifted")
def lift(at: Standing, asked: LiftHold, by: Provenance) -> list[Event]:
    """End a hold before its day."""
    return person.lift(at.person, asked.reason, by)


@people(
    "/erasure", title="Erase", said=_said, may="people.erase", guard=ensure_may_override, answer=Decided,
    later=lambda at: not at.person.erased,
)  # fmt: skip
def erase(at: Standing, asked: ErasePerson, by: Provenance) -> list[Event]:
    """Destroy the person's key: their words and names are gone everywhere, the figures stay.

    Answers 202 where a rule of retention or a hold defers it: it is then done when nothing requires their data.
    """
    return person.erase(at.person, asked.reason, by, retention=at.retention, override=asked.override_hold)


async def erase_due(runtime: Runtime, row: Erasure, asked: Asked) -> Sequence[Saved]:
    """Erase a person whose day has come; a complaint made since may defer it again.

    Without the timer's key: a hold that is set or lifted makes the same day due once more.
    """
    with suppress(person.PersonAlreadyErased):  # the view may be behind an erasure that somebody asked for since

        def decision(at: Standing, by: Provenance) -> list[Event]:
            return person.erase(at.person, row.reason or "", by, retention=at.retention)

        return (await people.decider.decide(runtime, row.person_id, decision, replace(asked, key=None))).saved
    return []
