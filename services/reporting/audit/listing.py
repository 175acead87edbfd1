"""The checkpoints of the log, the newest first."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from services.reporting.audit.view import checkpoints
from shared.features.listing import Column, Listing, Sort

Number = Annotated[int, Field(ge=1, le=2**53)]


class CheckpointShown(BaseModel):
    """One seal of the whole log."""

    number: Annotated[int, Column("Checkpoint", kind="text")]
    sealed_at: Annotated[datetime, Column("Sealed (UTC)")]
    size: Annotated[int, Column("Events covered")] = Field(description="How many records of all topics it covers.")
    root: Annotated[str, Column("Root", kind="words")] = Field(description="SHA-256 over all partitions, base64.")
    key: str = Field(description="The verifier key of its signature.")
    note: Annotated[str, Column("To keep")] = Field(
        description="The signed checkpoint: keep it where nobody of this installation can change it."
    )


CHECKPOINTS = Listing(
    "checkpoints", CheckpointShown, view=checkpoints, may="audit.read", source="checkpoints c", alias="c",
    sorts={"number": Sort((("c.number", Number),), "primary key")}, sort="-number",
    missing="There is no checkpoint with this number.",
)  # fmt: skip
