"""Who was asked about which case, who has answered, and whose invitation was withdrawn?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from shared.events.complaints import MessageWritten
from shared.events.surveys import SurveyAnswered, SurveyEvent, SurveyInvited, SurveyWithdrawn
from shared.projections.view import Table, View


@dataclass(slots=True)
class Response:
    response_id: UUID
    case_id: UUID | None = None
    person_id: UUID | None = None
    questionnaire: str | None = None
    invited_at: datetime | None = None
    written_at: datetime | None = None
    expires_at: datetime | None = None
    answered_at: datetime | None = None
    withdrawn_at: datetime | None = None


responses = Table(
    "responses", Response, indexes=["btree (invited_at desc, response_id desc)", "btree (case_id)"]
)  # fmt: skip
response_list = View("responses", version=3, tables=[responses])


@responses.on(SurveyInvited, SurveyAnswered, SurveyWithdrawn)
def asked(row: Response, event: SurveyEvent) -> None:
    row.case_id, row.person_id, row.questionnaire = event.case_id, event.person_id, event.questionnaire
    match event:
        case SurveyInvited():
            row.invited_at, row.expires_at = event.recorded_at, event.expires_at
        case SurveyAnswered():
            row.answered_at = event.recorded_at
        case SurveyWithdrawn():
            row.withdrawn_at = event.recorded_at


def _carried(event: MessageWritten) -> UUID | None:
    """The response whose link is in the letter: its invitation is what the letter was written for."""
    if event.purpose != "survey-invitation" or event.caused_by is None:
        return None
    return UUID(event.caused_by.split("/")[1])


@responses.on(MessageWritten, key=_carried)
def written(row: Response, event: MessageWritten) -> None:
    row.written_at = event.recorded_at


CHOSEN = "and response_id in (select response_id from answers where question = %(question)s and choice = %(choice)s)"


async def rates(conn: Any) -> dict[str, tuple[int, int]]:
    """Asked and answered, by questionnaire. What nobody could answer does not count: an invitation that was withdrawn,
    or never written, as there was no address or the person prefers another way than e-mail."""
    found = await conn.execute(
        "select questionnaire, count(*), count(answered_at) from responses"
        " where invited_at is not null and withdrawn_at is null"
        " and (written_at is not null or answered_at is not null) group by 1"
    )
    return {name: (invited, answered) for name, invited, answered in await found.fetchall()}


async def newest(
    conn: Any,
    questionnaire: str | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
    chosen: tuple[str, int] | None = None,
) -> list[dict[str, Any]]:
    """The last to be invited first, from a place in that order on; only those who chose `chosen`."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "select response_id, case_id, questionnaire, invited_at, expires_at, answered_at, withdrawn_at"
            " from responses where invited_at is not null and (%(name)s::text is null or questionnaire = %(name)s)"
            f" {CHOSEN if chosen else ''}"
            " and (%(at)s::timestamptz is null or (invited_at, response_id) < (%(at)s, %(id)s))"
            " order by invited_at desc, response_id desc limit %(limit)s",
            {
                "name": questionnaire, "at": after and after[0], "id": after and after[1], "limit": limit,
                "question": chosen and chosen[0], "choice": chosen and chosen[1],
            },
        )  # fmt: skip
        rows: list[dict[str, Any]] = await cursor.fetchall()
        return rows
