"""View of invitations: who was asked about which case, and whether they answered."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.events.complaints import MessageWritten
from shared.events.surveys import SurveyAnswered, SurveyEvent, SurveyInvited, SurveyWithdrawn
from shared.projections.view import Table, View, copy


@dataclass(slots=True)
class Response:
    response_id: UUID
    version: int = 0
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
response_list = View("responses", version=4, tables=[responses])


@responses.on(SurveyEvent)
def asked(row: Response, event: SurveyEvent) -> None:
    copy(row, event)
    row.version = event.originator_version
    match event:
        case SurveyInvited():
            row.invited_at = event.recorded_at
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
