"""Measurements, newest first, and the number of texts of each heat."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from psycopg import AsyncConnection
from pydantic import BaseModel, Field

from services.sentiment.card.view import measurements
from shared.events.sentiments import DecidingWord, Heat
from shared.features.listing import Column, Filter, Listing, Sort, tabs_of
from shared.web.words import Tone

HEATS: dict[str, tuple[str, Tone]] = {
    "red": ("Red", "danger"),
    "amber": ("Amber", "warn"),
    "green": ("Green", "good"),
}
SUBJECTS = {"complaint": "Complaint", "mention": "Mention", "response": "Survey response"}


class Measurement(BaseModel):
    """The measurement of one text by one model."""

    subject: Annotated[Literal["complaint", "mention", "response"], Column("Text of")] = Field(
        description="What was measured."
    )
    subject_id: UUID = Field(description="Its id.")
    measurement_id: UUID
    heat: Annotated[Heat, Column("Heat", badges=HEATS)] = Field(description="Red is flagged at once.")
    score: Annotated[float, Column("Score")] = Field(description="From -1 (negative) to 1 (positive).")
    model: Annotated[str, Column("Model")] = Field(description="The model and its version.")
    deciding: list[DecidingWord] = Field(description="The words that decided, by their places in the text.")
    said_at: datetime = Field(description="When the customer said it.")
    measured_at: Annotated[datetime, Column("Measured", sort="measured")] = Field(
        description="When the text reached us and was measured."
    )


MEASUREMENTS = Listing(
    "sentiments", Measurement, view=measurements, may="complaints.read", source="measured m", alias="m",
    sorts={"measured": Sort(("measured_at", "measurement_id"), "btree (measured_at desc, measurement_id)")},
    sort="-measured", tab="heat", tabs=tabs_of("m.heat", all="All", red="Red", amber="Amber", green="Green"),
    filters=(
        Filter("subject", "Text of", kind="code", options=SUBJECTS, description="Only of this kind."),
        Filter("subject_id", kind="id", description="Only of this complaint, mention or response."),
    ),
)  # fmt: skip


async def by_heat(conn: AsyncConnection[Any], model: str) -> dict[str, int]:
    """Count the texts of each heat that this model has found."""
    found = await conn.execute("select heat, count(*) from measured where model = %s group by 1", [model])
    return dict.fromkeys(HEATS, 0) | dict(await found.fetchall())
