"""The JSON API of intake: complaints in, one by one or as rows of a file, and what became of them."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import AfterValidator, BaseModel, EmailStr, FailFast, Field

from services.intake.complaint.commands import Intake
from services.intake.complaint.listing import COMPLAINTS, ComplaintRow
from services.intake.complaint.receiving import Contact, Grievance
from services.intake.complaint.view import complaint_list
from services.intake.importing import cfpb
from services.intake.ledger.listing import totals
from services.intake.ledger.view import ledger
from shared.events.complaints import Channel
from shared.features.listing import add_api, one
from shared.http.requests import AtLeast, allow, asker
from shared.offload import offload
from shared.problems import NotAllowed, NotFound, OnlyTheDemoInvents
from shared.security.permissions import may
from shared.text import askable, one_line, printable
from shared.times import Happened

Short = Annotated[str, Field(max_length=200), AfterValidator(printable)]
Line = Annotated[str, Field(max_length=200), AfterValidator(one_line)]
Long = Annotated[str, Field(max_length=20_000), AfterValidator(printable)]


class OnlyImportsAreSilent(NotAllowed):
    """Nobody is written to about a complaint of the channel `import`, so it is for who may import. Name another."""


class Complainant(BaseModel):
    """Who complains; all of it is sealed under their own key."""

    name: Line | None = None
    email: EmailStr | None = None
    phone: Annotated[str, Field(max_length=50), AfterValidator(printable)] | None = None
    preferred_channel: Channel = "email"
    needs: Annotated[str, Field(max_length=2000), AfterValidator(printable)] | None = None


class MakeComplaint(BaseModel):
    """A complaint as an integrator sends it."""

    narrative: Long = Field(min_length=1, description="What happened, in the customer's words.")
    wanted: Long | None = Field(None, description="What would put it right.")
    organisation: Short | None = None
    product: Short | None = None
    sub_product: Short | None = None
    issue: Short | None = None
    sub_issue: Short | None = None
    region: Annotated[str, Field(max_length=50), AfterValidator(printable)] | None = None
    channel: Channel = Field("api", description="The road it came by, where the sender knows better than `api`.")
    received_at: Happened | None = Field(None, description="When it was received, if that was earlier.")
    external_id: Short | None = Field(None, description="Its number in the sender's system.")
    person: Complainant = Field(default_factory=Complainant)
    invented: bool = Field(False, description="True for demonstration data; only `recourse demo` may say so.")


class Receipt(BaseModel):
    """The complaint was accepted and is stored."""

    id: UUID
    reference: str = Field(description="What the customer quotes.")
    position: str | None = Field(description="Wait for it with `at_least`; absent when the request is a repeat.")


Row = Annotated[list[Annotated[str, Field(max_length=200_000)]], FailFast()]
"""The first thing wrong is told: a million would take longer to tell than to find."""


class Rows(BaseModel):
    """Rows of one CFPB file, as its reader found them; sent again they add nothing."""

    file: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the whole file.")]
    name: Short = Field(description="The file's name, for the ledger.")
    header: list[Annotated[str, Field(max_length=100)]] = Field(max_length=40)
    first: Annotated[int, Field(ge=0, le=2**31)] = Field(description="Number of the first row, from 0.")
    lines: list[Annotated[int, Field(ge=1, le=2**31)]] = Field(max_length=1000, description="Each row's line.")
    rows: Annotated[list[Row], FailFast()] = Field(max_length=1000)


class RefusedRow(BaseModel):
    line: int
    reasons: list[str]


class Imported(BaseModel):
    """What became of the rows; `known` ones came with an earlier run."""

    accepted: int
    duplicate: int
    refused: int
    known: int
    refusals: list[RefusedRow]


def router(intake: Intake) -> APIRouter:
    routes = APIRouter(prefix="/api/v1/complaints", tags=["complaints"])
    runtime = intake.runtime

    @routes.post(
        "", status_code=201, dependencies=[allow("complaints.make")],
        responses={200: {"model": Receipt, "description": "The same request as before: its first answer."}},
    )  # fmt: skip
    async def make_complaint(
        body: MakeComplaint, request: Request, response: Response,
        idempotency_key: Annotated[str, Header(min_length=1, max_length=255)],
    ) -> Receipt:  # fmt: skip
        """Take a complaint in. The same `Idempotency-Key` with the same content gets the first answer again."""
        who = asker(request)
        if body.invented and not may(who, "complaints.invent"):
            raise OnlyTheDemoInvents
        if body.channel == "import" and not may(who, "complaints.import"):
            raise OnlyImportsAreSilent
        accepted = await intake.receive(
            body.channel, f"api:{who.id}", idempotency_key,
            Grievance(
                body.narrative, body.wanted, body.organisation, body.product, body.sub_product, body.issue,
                body.sub_issue, body.region,
            ),
            Contact(**body.person.model_dump()), actor=who.id, received_at=body.received_at,
            external_id=body.external_id, invented=body.invented,
        )  # fmt: skip
        response.headers["Location"] = f"/api/v1/complaints/{accepted.complaint_id}"
        response.status_code = 200 if accepted.repeated else 201
        return Receipt(id=accepted.complaint_id, reference=accepted.reference, position=accepted.position)

    @routes.post("/imports/cfpb", dependencies=[allow("complaints.import")])
    async def import_rows(body: Rows, request: Request) -> Imported:
        """Take rows of a Consumer Complaint Database file in, whatever its layout."""
        now = intake.runtime.clock.now()
        items = await offload(cfpb.read_rows, body.file, body.name, body.header, body.first, body.lines, body.rows, now)
        counts = await intake.bring_in(items, actor=asker(request).id)
        refusals = [RefusedRow(line=i.arrival.line or 0, reasons=list(i.refused)) for i in items if i.refused]
        return Imported(**counts, refusals=refusals)

    @routes.get("/ledger", dependencies=[allow("complaints.read")])
    async def ledger_totals(
        at_least: AtLeast = None,
        source: Annotated[Annotated[str, AfterValidator(askable)] | None, Query(max_length=300)] = None,
    ) -> dict[str, int]:
        """Received = accepted + duplicate + refused, over all or for one source."""
        await runtime.positions.wait(ledger, at_least)
        async with runtime.pool.connection() as conn:
            return await totals(conn, source)

    add_api(routes, COMPLAINTS, "", "Complaints as they were received, the newest first.")

    @routes.get("/{complaint_id}", dependencies=[allow("complaints.read")], response_model=ComplaintRow)
    async def get_complaint(complaint_id: UUID, at_least: AtLeast = None) -> dict[str, Any]:
        """One complaint as it was received."""
        await runtime.positions.wait(complaint_list, at_least)
        async with runtime.pool.connection() as conn:
            row = await one(conn, COMPLAINTS, "c.complaint_id = %s", [complaint_id])
        if row is None:
            raise NotFound("There is no complaint with this id.")
        return row

    return routes
