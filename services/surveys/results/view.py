"""What did people answer, question by question?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import namedtuple_row

from services.surveys.questionnaire.definition import MOST_QUESTIONS, Question, Questionnaire
from shared.events.sealed import words
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
    "answers", Given, person="person_id", personal=["text"], once=True,
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
        row.choice, row.text, row.answered_at = answer.choice, words(answer.text), event.recorded_at

    return key, given


for _place in range(MOST_QUESTIONS):
    _key, _given = _each(_place)
    answers.on(SurveyAnswered, key=_key)(_given)


@dataclass(frozen=True, slots=True)
class Count:
    """How many chose one option."""

    value: int
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Tally:
    """The answers to one question; every option is there, also where nobody chose it."""

    question: Question
    counts: tuple[Count, ...]
    written: int = 0

    @property
    def answered(self) -> int:
        return self.written + sum(count.count for count in self.counts)


async def tallies(conn: Any, questionnaire: Questionnaire) -> list[Tally]:
    """Counts per question and option, in the questionnaire's order; a text that was erased still counts."""
    found = await conn.execute(
        "select question, choice, count(*) from answers where questionnaire = %s group by 1, 2", [questionnaire.id]
    )
    counted = {(question, choice): count for question, choice, count in await found.fetchall()}
    return [
        Tally(
            question,
            tuple(Count(o.value, o.label, counted.get((question.name, o.value), 0)) for o in question.options),
            counted.get((question.name, None), 0),
        )
        for question in questionnaire.questions
    ]


async def comments(conn: Any, questionnaire: str, after: tuple[datetime, str] | None, limit: int) -> list[Any]:
    """What people wrote, the last first, in their words, while they may still be read."""
    async with conn.cursor(row_factory=namedtuple_row) as cursor:
        await cursor.execute(
            "select answer, case_id, text, answered_at from answers where questionnaire = %(name)s"
            " and text is not null"
            " and (%(at)s::timestamptz is null or (answered_at, answer) < (%(at)s, %(answer)s))"
            " order by answered_at desc, answer desc limit %(limit)s",
            {"name": questionnaire, "at": after and after[0], "answer": after and after[1], "limit": limit},
        )
        rows: list[Any] = await cursor.fetchall()
        return rows
