"""The complaints that were received, the newest first."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.intake.complaint.view import complaint_list
from shared.features.listing import Filter, Listing, Sort


class ComplaintRow(BaseModel):
    """A complaint as it was received. The narrative is null once the person is erased."""

    complaint_id: UUID
    reference: str
    person_id: UUID
    channel: str
    external_id: str | None = Field(description="Its number in the sender's system.")
    organisation: str | None
    product: str | None
    issue: str | None
    narrative: str | None
    status: str = Field(description="`received`, `open` or `closed`.")
    received_at: datetime


COMPLAINTS = Listing(
    "complaints", ComplaintRow, view=complaint_list, may="complaints.read", source="complaints c", alias="c",
    real="c.reference is not null",
    sorts={"received": Sort(("received_at", "complaint_id"), "btree (received_at desc, complaint_id)")},
    sort="-received", missing="There is no complaint with this ID.",
    filters=(
        Filter("external_id", description="Its number in the sender's system."),
        Filter("reference", sql="c.reference = upper(%(reference)s)", description="Like R7K2-M9QX."),
    ),
)  # fmt: skip
