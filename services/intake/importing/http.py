"""The JSON API of imports: rows of a file, many at once."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import AfterValidator, BaseModel, FailFast, Field

from services.intake.importing import cfpb
from services.intake.importing.commands import bring_in
from shared.http.requests import allow, asker
from shared.offload import offload
from shared.service.runtime import CurrentRuntime
from shared.text import printable

Row = Annotated[list[Annotated[str, Field(max_length=200_000)]], FailFast()]
"""The first thing wrong is told: a million would take longer to tell than to find."""


class Rows(BaseModel):
    """Rows of one CFPB file, as its reader found them; sent again they add nothing."""

    file: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the whole file.")]
    name: Annotated[str, Field(max_length=200), AfterValidator(printable)] = Field(
        description="The file's name, for the ledger."
    )
    header: list[Annotated[str, Field(max_length=100)]] = Field(max_length=40)
    first: Annotated[int, Field(ge=0, le=2**31)] = Field(description="Number of the first row, from 0.")
    lines: list[Annotated[int, Field(ge=1, le=2**31)]] = Field(max_length=1000, description="Each row's line.")
    rows: Annotated[list[Row], FailFast()] = Field(max_length=1000)


class RefusedRow(BaseModel):
    line: int
    reasons: list[str]


class Imported(BaseModel):
    """The outcome of the rows; `known` ones came with an earlier run."""

    accepted: int
    duplicate: int
    refused: int
    known: int
    refusals: list[RefusedRow]


routes = APIRouter(prefix="/api/v1/complaints/imports", tags=["complaints"])


@routes.post("/cfpb", dependencies=[allow("complaints.import")])
async def import_rows(runtime: CurrentRuntime, body: Rows, request: Request) -> Imported:
    """Take rows of a Consumer Complaint Database file in, whatever its layout."""
    now = runtime.clock.now()
    items = await offload(cfpb.read_rows, body.file, body.name, body.header, body.first, body.lines, body.rows, now)
    counts = await bring_in(runtime, items, actor=asker(request).id)
    refusals = [RefusedRow(line=i.arrival.line or 0, reasons=list(i.refused)) for i in items if i.refused]
    return Imported(**counts, refusals=refusals)
