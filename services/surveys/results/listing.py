"""The answers to a questionnaire: counts by question, and what people wrote."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel

from services.surveys.questionnaire.definition import Question, Questionnaire
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
