"""What did people answer, question by question?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.surveys.questionnaire.definition import MOST_QUESTIONS
from shared.events.sealed import plaintext
from shared.events.surveys import SurveyAnswered
from shared.projections.view import Table, View


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


def _each(place: int) -> tuple[Callable[[SurveyAnswered], str | None], Callable[[Given, SurveyAnswered], None]]:
    """Key and fold of the answer at a place of the event's list, which is a row of its own."""

    def key(event: SurveyAnswered) -> str | None:
        return f"{event.originator_id}/{event.answers[place].question}" if place < len(event.answers) else None

    def given(row: Given, event: SurveyAnswered) -> None:
        answer = event.answers[place]
        row.response_id, row.case_id, row.person_id = event.originator_id, event.case_id, event.person_id
        row.questionnaire, row.question, row.kind = event.questionnaire, answer.question, answer.kind
        row.choice, row.text, row.answered_at = answer.choice, plaintext(answer.text), event.recorded_at

    return key, given


for _place in range(MOST_QUESTIONS):
    _key, _given = _each(_place)
    answers.on(SurveyAnswered, key=_key)(_given)
