"""Correct a decision in place, while the case is not closed."""

from uuid import UUID

from pydantic import Field

from services.cases.aspects.resolution import ResolveAspect, decision
from services.cases.case.actions import work
from services.cases.case.fields import Named
from services.cases.case.state import Case
from shared.events import Event, Provenance
from shared.events.cases import DecisionCorrected
from shared.problems import RuleBroken


class AspectNotDecided(RuleBroken):
    """There is no decision to correct. Decide this aspect first."""


class CorrectDecision(ResolveAspect):
    """The decision as it should have been, and the reason for the correction."""

    reason: Named = Field(
        title="Reason for correction", description="Names nobody.",
        json_schema_extra={"hint": "Do not include names. For example: wrong amount entered"},
    )  # fmt: skip


@work("/aspects/{aspect_id}/correction", title="Correct", button="Correct decision", said="Decision corrected")
def correct_decision(case: Case, aspect_id: UUID, asked: CorrectDecision, by: Provenance) -> list[Event]:
    """Replace the decision of an open case: every field is given anew, and what is left out is no more part of it."""
    case.ensure_open()
    if case.aspect(aspect_id).decided_in != case.round:
        raise AspectNotDecided
    return [DecisionCorrected(**by.after(case), **decision(case, aspect_id, asked), reason=asked.reason)]
