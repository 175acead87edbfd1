"""Pause a case while it waits for somebody, and resume it: by hand, at a time, or when the customer writes."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from services.cases.case.actions import work
from services.cases.case.fields import Short
from services.cases.case.state import Case, evolve
from shared.events import Event, Provenance
from shared.events.cases import CasePaused, CaseResumed
from shared.events.complaints import MessageReceived
from shared.eventstore.store import Store
from shared.features.action import Undo
from shared.features.codes import WAITS
from shared.problems import RuleBroken, Unprocessable
from shared.projections.fold import Opened
from shared.projections.policies import Policy


class CaseNotPaused(RuleBroken):
    """This case is not waiting for anyone."""


class UntilInPast(Unprocessable):
    """Enter a date and time in the future."""

    field = "until"


class UntilMissing(Unprocessable):
    """Enter the date and time until which the case waits."""

    field = "until"


class PauseCase(BaseModel):
    """The person or thing that the case waits for."""

    waiting_for: Annotated[str, WAITS] = Field(
        title="Waiting for", json_schema_extra={"enter": "Select whom or what the case waits for"}
    )
    reason: Short | None = Field(
        None, title="Reason", description="Names nobody.",
        json_schema_extra={"hint": "For example: bank statement requested. Do not include names"},
    )  # fmt: skip
    until: AwareDatetime | None = Field(
        None, title="Resume on", description="Work goes on then at the latest.",
        json_schema_extra={"hint": "The case returns to Open at this time"},
    )  # fmt: skip


@work(
    "/pause", title="Pause case", button="Pause case", said="Case paused",
    undo=lambda _: Undo("/resumption"), panel=lambda case: not case.closed and not case.wait,
)  # fmt: skip
def pause_case(case: Case, asked: PauseCase, by: Provenance) -> list[Event]:
    """Pause the case. Regulatory clocks go on."""
    case.ensure_open()
    if asked.until and asked.until <= by.at:
        raise UntilInPast
    if asked.waiting_for == "date" and not asked.until:
        raise UntilMissing
    return [CasePaused(**by.after(case), **asked.model_dump())]


@work("/resumption", title="Resume", said="Work resumed")
def resume_case(case: Case, by: Provenance) -> list[Event]:
    """End the wait."""
    if not case.wait:
        raise CaseNotPaused
    return [CaseResumed(**by.after(case), reason="Resumed by hand")]


def resume_at_time(case: Case, by: Provenance) -> list[Event]:
    """End a wait whose time is over."""
    if not case.wait or not case.wait.until or case.wait.until > by.at:
        return []
    return [CaseResumed(**by.after(case), reason="The time is over")]


def resume_on_message(store: Store, batch: Sequence[Opened]) -> list[Event]:
    """A message of the customer ends a wait for them."""
    received = [(record, event) for record, event in batch if isinstance(event, MessageReceived)]
    cases = store.load_many([event.complaint_id for _, event in received], evolve)
    made: list[Event] = []
    for record, event in received:
        case = cases.get(event.complaint_id)
        known = WAITS.entry(case.wait.waiting_for) if case and case.wait else None
        if case and known and known.reply_ends:
            by = Provenance("cases.resume", event.recorded_at, record.id)
            made.append(CaseResumed(**by.after(case), reason="The customer wrote"))
            cases[case.id] = evolve(case, made[-1])
    return made


resumption = Policy("resume", (MessageReceived,), resume_on_message)
