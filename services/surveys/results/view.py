"""View of the answers, question by question."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.events.surveys import SurveyAnswered
from shared.projections.view import Table, View, copy


@dataclass(slots=True)
class Given:
    answer: str
    response_id: UUID | None = None
    case_id: UUID | None = None
    person_id: UUID | None = None
    questionnaire: str | None = None
    question: str | None = None
    kind: str | None = None
    choice: int | None = None
    text: str | None = None
    answered_at: datetime | None = None


answers = Table(
    "answers", Given, person="person_id", personal=["text"], append_only=True,
    indexes=["btree (questionnaire, question, choice)", "btree (answered_at desc) where text is not null"],
)  # fmt: skip
answer_list = View("answers", version=1, tables=[answers])


@answers.on(SurveyAnswered, keys=lambda event: [f"{event.originator_id}/{one.question}" for one in event.answers])
def given(row: Given, event: SurveyAnswered) -> None:
    """Each answer is a row of its own."""
    copy(row, event)
    copy(row, next(one for one in event.answers if row.answer == f"{event.originator_id}/{one.question}"))
    row.response_id, row.answered_at = event.originator_id, event.recorded_at
