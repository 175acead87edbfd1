"""The answers to a questionnaire: counts by question, and what people wrote."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.surveys.questionnaire.definition import Question, Questionnaire
from services.surveys.response.listing import rates
from services.surveys.results.view import answer_list
from shared.features.listing import Column, Filter, Listing, Sort


class Comment(BaseModel):
    """An answer in the person's own words, while they may still be read."""

    case_id: Annotated[UUID, Column("Case")]
    text: Annotated[str, Column("Comment", kind="words")]
    answered_at: Annotated[datetime, Column("Answered")]


COMMENTS = Listing(
    "comments", Comment, view=answer_list, may="surveys.read", source="answers a", alias="a",
    real="a.text is not null",
    sorts={
        "answered": Sort(("answered_at", ("a.answer", str)), "btree (answered_at desc) where text is not null")
    },
    sort="-answered", filters=(Filter("questionnaire"),),
)  # fmt: skip


class OptionResult(BaseModel):
    """One option and how many chose it, also none."""

    value: int
    label: str
    count: int


class QuestionResult(BaseModel):
    """One question and its answers; a text question has a count and no options."""

    question: str
    kind: str
    text: str
    required: bool
    answered: int
    options: list[OptionResult]


class SurveyResult(BaseModel):
    """One version of a questionnaire and what came of it."""

    questionnaire: str = Field(description="Name and version, for example `handling.v1`.")
    title: str
    effective_from: str
    invited: int = Field(description="How many could answer: those whose invitation was withdrawn are left out.")
    answered: int
    questions: list[QuestionResult]


async def result(conn: Any, asked: Questionnaire) -> SurveyResult:
    invited, answered = (await rates(conn)).get(asked.id, (0, 0))
    return SurveyResult(
        questionnaire=asked.id, title=asked.title, effective_from=asked.effective_from.isoformat(), invited=invited,
        answered=answered, questions=await tallies(conn, asked),
    )  # fmt: skip


async def tallies(conn: Any, questionnaire: Questionnaire) -> list[QuestionResult]:
    """Counts per question and option, in the questionnaire's order; a text that was erased still counts."""
    found = await conn.execute(
        "select question, choice, count(*) from answers where questionnaire = %s group by 1, 2", [questionnaire.id]
    )
    counted = {(question, choice): count for question, choice, count in await found.fetchall()}
    return [_result(question, counted) for question in questionnaire.questions]


def _result(asked: Question, counted: Mapping[tuple[str, int | None], int]) -> QuestionResult:
    options = [
        OptionResult(**dict(option), count=counted.get((asked.name, option.value), 0)) for option in asked.options
    ]
    answered = counted.get((asked.name, None), 0) + sum(option.count for option in options)
    return QuestionResult(question=asked.name, answered=answered, **dict(asked) | {"options": options})
