"""The invitations to surveys, the newest first, and how many were answered."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel

from services.surveys.response.view import response_list
from shared.features.listing import Column, Filter, Listing, Sort


class ResponseRow(BaseModel):
    """One invitation; `answered_at` is empty until the person answers, `withdrawn_at` unless staff stopped its link."""

    case_id: Annotated[UUID, Column("Case")]
    response_id: UUID
    version: int
    questionnaire: str
    invited_at: Annotated[datetime, Column("Asked", sort="invited")]
    answered_at: Annotated[datetime | None, Column("Answered")]
    expires_at: Annotated[datetime | None, Column("Open until", kind="day")]
    withdrawn_at: Annotated[datetime | None, Column("Invitation", kind="text")]


CHOSE = "r.response_id in (select a.response_id from answers a where {})"
RESPONSES = Listing(
    "responses", ResponseRow, view=response_list, may="surveys.read", source="responses r", alias="r",
    real="r.invited_at is not null",
    sorts={"invited": Sort(("invited_at", "response_id"), "btree (invited_at desc, response_id desc)")},
    sort="-invited",
    filters=(
        Filter("questionnaire", description="Name and version, like `handling.v1`."),
        Filter("question", sql="a.question = %(question)s", within=CHOSE, description="Only those who answered it."),
        Filter(
            "choice", sql="a.choice = %(choice)s", kind="number", within=CHOSE,
            description="Only those who chose this option of the question.",
        ),
    ),
)  # fmt: skip


async def rates(conn: Any) -> dict[str, tuple[int, int]]:
    """Asked and answered, by questionnaire. What nobody could answer does not count: an invitation that was withdrawn,
    or never written, as there was no address or the person prefers another way than e-mail."""
    found = await conn.execute(
        "select questionnaire, count(*), count(answered_at) from responses"
        " where invited_at is not null and withdrawn_at is null"
        " and (written_at is not null or answered_at is not null) group by 1"
    )
    return {name: (invited, answered) for name, invited, answered in await found.fetchall()}
