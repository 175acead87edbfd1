"""A response is answered once, in time and unless it was withdrawn, with answers that were offered."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.surveys.questionnaire.definition import load_questionnaires
from services.surveys.response.actions import withdraw
from services.surveys.response.state import (
    AnswersNotAccepted,
    Response,
    SurveyAlreadyAnswered,
    SurveyExpired,
    SurveyStopped,
    answer,
    evolve,
    invite,
    response_id,
)
from shared.events import Event, Provenance
from shared.events.sealed import Sealed
from shared.events.surveys import Answer, SurveyAnswered, SurveyInvited, SurveyWithdrawn

CASE, PERSON = UUID(int=1), UUID(int=2)
INES = "ines@example.org"
CLOSED = datetime(2026, 3, 14, 9, tzinfo=UTC)
ASKED = load_questionnaires().all[0]
INVITED = invite(CASE, PERSON, ASKED, CLOSED, Provenance("surveys.invite", CLOSED, "cases/1/5"))
FOUR = {"ease": "4", "fairness": "1", "clarity": "3", "speed": "5"}


def fold(*events: Event) -> Response:
    state: Response | None = None
    for event in events:
        state = evolve(state, event)
    assert state is not None
    return state


def later(days: float, actor: str = "customer") -> Provenance:
    return Provenance(actor, CLOSED + timedelta(days=days))


def test_closing_a_case_asks_its_person_for_thirty_days() -> None:
    assert SurveyInvited(
        originator_id=response_id(CASE, "handling"), originator_version=1, actor="surveys.invite", recorded_at=CLOSED,
        caused_by="cases/1/5", case_id=CASE, questionnaire="handling.v1", person_id=PERSON,
        expires_at=CLOSED + timedelta(days=30),
    ) == INVITED  # fmt: skip


def test_answers_are_recorded_with_the_words_sealed_for_their_person() -> None:
    assert answer(fold(INVITED), ASKED, {**FOUR, "comment": " Write sooner. "}, later(1)) == [
        SurveyAnswered(
            **later(1).stamp(INVITED.originator_id, 2), case_id=CASE, questionnaire="handling.v1", person_id=PERSON,
            answers=[
                *(Answer(question=name, kind="choice", choice=int(value)) for name, value in FOUR.items()),
                Answer(question="comment", kind="text", text=Sealed(PERSON, "Write sooner.")),
            ],
        )
    ]  # fmt: skip


def test_what_is_optional_may_stay_empty() -> None:
    (answered,) = answer(fold(INVITED), ASKED, {**FOUR, "comment": "  "}, later(1))
    assert isinstance(answered, SurveyAnswered)
    assert [one.question for one in answered.answers] == list(FOUR)


def test_a_survey_is_answered_once() -> None:
    answered = answer(fold(INVITED), ASKED, FOUR, later(1))
    with pytest.raises(SurveyAlreadyAnswered):
        answer(fold(INVITED, *answered), ASKED, FOUR, later(2))


def test_an_answer_after_the_last_day_is_refused() -> None:
    with pytest.raises(SurveyExpired):
        answer(fold(INVITED), ASKED, FOUR, later(30))


def test_a_withdrawn_survey_is_not_answered() -> None:
    withdrawn = withdraw(fold(INVITED), later(1, INES))
    assert withdrawn == [
        SurveyWithdrawn(
            **later(1, INES).stamp(INVITED.originator_id, 2), case_id=CASE, questionnaire="handling.v1",
            person_id=PERSON,
        )
    ]  # fmt: skip
    assert fold(INVITED, *withdrawn).withdrawn_at == later(1).at
    for days in (2, 30):
        with pytest.raises(SurveyStopped):
            answer(fold(INVITED, *withdrawn), ASKED, FOUR, later(days))


def test_what_was_answered_is_not_withdrawn() -> None:
    answered = answer(fold(INVITED), ASKED, FOUR, later(1))
    for days in (2, 30):
        with pytest.raises(SurveyAlreadyAnswered):
            withdraw(fold(INVITED, *answered), later(days, INES))


def test_what_opens_nothing_any_more_is_not_withdrawn_again() -> None:
    withdrawn = withdraw(fold(INVITED), later(1, INES))
    assert withdraw(fold(INVITED, *withdrawn), later(2, INES)) == []
    assert withdraw(fold(INVITED), later(30, INES)) == []


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"ease": ""}, "ease"),
        ({"speed": "6"}, "speed"),
        ({"speed": "quickly"}, "speed"),
        ({"mood": "3"}, "mood"),
        ({"comment": "x" * 4001}, "comment"),
        ({"comment": "a\0b"}, "comment"),
    ],
)
def test_answers_that_cannot_be_taken_are_named_by_question(changed: dict[str, str], named: str) -> None:
    with pytest.raises(AnswersNotAccepted) as refused:
        answer(fold(INVITED), ASKED, FOUR | changed, later(1))
    assert list(refused.value.errors) == [named]


@given(st.dictionaries(st.sampled_from([*FOUR, "comment", "other"]), st.text(max_size=6) | st.sampled_from("12345")))
def test_whatever_is_sent_is_recorded_whole_or_refused(sent: dict[str, str]) -> None:
    """Nothing that was answered is dropped without saying so."""
    try:
        (answered,) = answer(fold(INVITED), ASKED, sent, later(1))
    except AnswersNotAccepted as refused:
        assert refused.errors
    else:
        assert isinstance(answered, SurveyAnswered)
        assert {one.question for one in answered.answers} == {name for name, text in sent.items() if text.strip()}
