"""Close a case when every aspect is decided, and reopen it with a reason."""

from collections.abc import Iterable
from datetime import timedelta

from pydantic import BaseModel, Field

from services.cases.case.actions import work
from services.cases.case.fields import Named
from services.cases.case.state import Case
from shared.events import Event, Provenance
from shared.events.cases import CaseClosed, CaseReopened
from shared.features.action import Undo
from shared.problems import RuleBroken
from shared.web.templating import gettext as _


class AspectsStillOpen(RuleBroken):
    """Decide every aspect before you close the case."""

    field = "closing"

    def __init__(self, names: Iterable[str]) -> None:
        said = _("Decide every aspect before you close the case. Still open: %(aspects)s.")
        super().__init__(said % {"aspects": "; ".join(names)})


class CaseNotClosed(RuleBroken):
    """This case is not closed, so there is nothing to reopen."""


class ClosedForLonger(RuleBroken):
    """This case was closed more than an hour ago. Reopen it and give a reason."""


MOMENT = timedelta(hours=1)
"""The time in which closing can be undone."""


class ReopenCase(BaseModel):
    """The reason for which a closed case is worked again."""

    reason: Named = Field(
        title="Reason for reopening", description="Names nobody.",
        json_schema_extra={"hint": "Do not include names. For example: customer disputes outcome"},
    )  # fmt: skip


@work(
    "/closing", title="Close case", said="Case closed",
    undo=lambda case: Undo("/closing/undo"),
)  # fmt: skip
def close_case(case: Case, by: Provenance) -> list[Event]:
    """Close the case; refused while an aspect is open, with the names of those."""
    case.ensure_open()
    if case.open_aspects:
        raise AspectsStillOpen(aspect.name for aspect in case.open_aspects)
    return [CaseClosed(**by.after(case), person_id=case.person_id)]


@work("/closing/undo", title="Undo", said="Case reopened")
def undo_closing(case: Case, by: Provenance) -> list[Event]:
    """Open a case that was closed a moment ago as it was: what was decided needs no new decision."""
    if not case.closed_at:
        raise CaseNotClosed
    if by.at - case.closed_at > MOMENT:
        raise ClosedForLonger
    return [CaseReopened(**by.after(case), reason="Closed by mistake", undone=True)]


@work(
    "/reopening", title="Reopen", button="Reopen case", said="Case reopened", panel=lambda case: case.closed
)  # fmt: skip
def reopen_case(case: Case, asked: ReopenCase, by: Provenance) -> list[Event]:
    """Open a closed case again; what was decided stands until it is decided again."""
    if not case.closed:
        raise CaseNotClosed
    return [CaseReopened(**by.after(case), reason=asked.reason)]
