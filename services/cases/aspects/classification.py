"""Classify an aspect by product and issue: returns and root causes count by both."""

from uuid import UUID

from pydantic import BaseModel, Field

from services.cases.case.actions import work
from services.cases.case.fields import Named, Short
from services.cases.case.state import Case, Subject
from shared.events import Event, Provenance
from shared.events.cases import AspectClassified


class ClassifyAspect(BaseModel):
    """The product and issue of an aspect."""

    product: Named = Field(title="Product")
    sub_product: Short | None = Field(None, title="Sub-product")
    issue: Named = Field(title="What went wrong")
    sub_issue: Short | None = Field(None, title="Sub-issue")


@work("/aspects/{aspect_id}/classification", title="Edit classification", button="Save", said="Classification saved")
def classify_aspect(case: Case, aspect_id: UUID, asked: ClassifyAspect, by: Provenance) -> list[Event]:
    """Classify the aspect; the same again changes nothing."""
    case.ensure_open()
    subject = asked.model_dump()
    if case.aspect(aspect_id).subject == Subject(**subject):
        return []
    return [AspectClassified(**by.after(case), aspect_id=aspect_id, **subject)]
