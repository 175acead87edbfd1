"""The JSON API of intake: complaints in, one by one or as rows of a file, and what became of them."""

from dataclasses import fields
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from pydantic import AfterValidator, BaseModel, EmailStr, Field

from services.intake.complaint.commands import accept
from services.intake.complaint.listing import COMPLAINTS
from services.intake.complaint.receiving import Grievance
from services.intake.person.state import Contact
from shared.features.codes import CHANNELS
from shared.features.listing import add_api, add_one
from shared.http.requests import allow, asker
from shared.problems import NotAllowed, OnlyTheDemoInvents
from shared.security.permissions import may
from shared.service.runtime import CurrentRuntime
from shared.text import one_line, printable
from shared.times import Happened

GRIEVANCE = {field.name for field in fields(Grievance)}
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
    preferred_channel: Annotated[str, CHANNELS] = "email"
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
    channel: Annotated[str, CHANNELS] = Field(
        "api", description="The road it came by, where the sender knows better than `api`."
    )
    received_at: Happened | None = Field(None, description="When it was received, if that was earlier.")
    external_id: Short | None = Field(None, description="Its number in the sender's system.")
    person: Complainant = Field(default_factory=Complainant)
    invented: bool = Field(False, description="True for demonstration data; only `recourse demo` may say so.")


class Receipt(BaseModel):
    """The complaint was accepted and is stored."""

    id: UUID
    reference: str = Field(description="What the customer quotes.")
    position: str | None = Field(description="Wait for it with `at_least`; absent when the request is a repeat.")


routes = APIRouter(prefix="/api/v1/complaints", tags=["complaints"])
add_api(routes, COMPLAINTS, "", "Complaints as they were received, the newest first.")
add_one(routes, COMPLAINTS, "", "One complaint as it was received.")


@routes.post(
    "", status_code=201, dependencies=[allow("complaints.make")],
    responses={200: {"model": Receipt, "description": "The same request as before: its first answer."}},
)  # fmt: skip
async def make_complaint(
    body: MakeComplaint, request: Request, runtime: CurrentRuntime, response: Response,
    idempotency_key: Annotated[str, Header(min_length=1, max_length=255)],
) -> Receipt:  # fmt: skip
    """Take a complaint in. The same `Idempotency-Key` with the same content gets the first answer again."""
    who = asker(request)
    if body.invented and not may(who, "complaints.invent"):
        raise OnlyTheDemoInvents
    if body.channel == "import" and not may(who, "complaints.import"):
        raise OnlyImportsAreSilent
    accepted = await accept(
        runtime,
        body.channel, f"api:{who.id}", idempotency_key,
        Grievance(**body.model_dump(include=GRIEVANCE)),
        Contact(**body.person.model_dump()), actor=who.id, received_at=body.received_at,
        external_id=body.external_id, invented=body.invented,
    )  # fmt: skip
    response.headers["Location"] = f"/api/v1/complaints/{accepted.complaint_id}"
    response.status_code = 200 if accepted.repeated else 201
    return Receipt(id=accepted.complaint_id, reference=accepted.reference, position=accepted.position)
