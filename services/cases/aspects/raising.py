"""Add a grievance to a case."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from services.cases.case.actions import work
from services.cases.case.fields import Short
from services.cases.case.state import Case
from shared.events import Event, Provenance
from shared.events.cases import AspectRaised
from shared.events.sealed import Sealed
from shared.features.action import Created
from shared.problems import Unprocessable
from shared.text import printable


class AspectEmpty(Unprocessable):
    """Enter the product, what went wrong, or a summary."""

    field = "product"


class RaiseAspect(BaseModel):
    """A further grievance of the same complaint."""

    product: Short | None = Field(None, title="Product")
    sub_product: Short | None = Field(None, title="Sub-product")
    issue: Short | None = Field(None, title="What went wrong")
    sub_issue: Short | None = Field(None, title="Sub-issue")
    summary: Annotated[str, Field(max_length=2000), AfterValidator(printable)] | None = Field(
        None, title="Summary", description="In the handler's words; sealed under the customer's key."
    )


@work("/aspects", title="Add an aspect", button="Add aspect", said="Aspect added", answer=Created, additive=True)
def raise_aspect(case: Case, asked: RaiseAspect, by: Provenance) -> list[Event]:
    """Add a further grievance of the same complaint."""
    if any(aspect.id == by.new_id for aspect in case.aspects):
        return []
    case.ensure_open()
    if not (asked.product or asked.issue or asked.summary):
        raise AspectEmpty
    return [
        AspectRaised(
            **by.after(case), aspect_id=by.new_id, primary=False, **asked.model_dump(exclude={"summary"}),
            summary=Sealed.of(case.person_id, asked.summary),
        )
    ]  # fmt: skip
