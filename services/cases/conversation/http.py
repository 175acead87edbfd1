"""The JSON API of reply templates."""

from dataclasses import asdict
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.cases.caseload.listing import case_with_details
from services.cases.caseload.view import caseload
from services.cases.conversation.reply_templates import TEMPLATES, values_of
from shared.http.requests import AtLeast, allow, asker
from shared.service.runtime import CurrentRuntime
from shared.web.templating import gettext as _


class ReplyTemplate(BaseModel):
    """A template filled from the case; without subject and body where a field is missing."""

    code: str
    label: str
    subject: str | None
    body: str | None
    missing: list[str] = Field(description="Fields for which the case has no value.")


class ReplyTemplates(BaseModel):
    """All templates, in the firm's order."""

    data: list[ReplyTemplate]


routes = APIRouter(prefix="/api/v1/cases", tags=["cases"])


@routes.get("/{case_id}/reply-templates", dependencies=[allow("cases.read")])
async def list_reply_templates(
    request: Request, runtime: CurrentRuntime, case_id: UUID, at_least: AtLeast = None
) -> ReplyTemplates:
    """Texts that a reply can begin with, filled from the case and with the name of whoever asks."""
    await runtime.positions.seen(at_least, caseload)
    async with runtime.pool.connection() as conn:
        values = values_of(await case_with_details(conn, case_id), asker(request).name)
    return ReplyTemplates(
        data=[
            ReplyTemplate(code=code, label=_(template.label), **asdict(template.fill(values)))
            for code, template in TEMPLATES().items()
        ]
    )
