"""A response: one person is asked about one case, and answers once, while the link works and is not withdrawn."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from services.surveys.questionnaire.definition import LONGEST, Question, Questionnaire
from shared.events import Event, Provenance
from shared.events.sealed import Sealed
from shared.events.surveys import Answer, SurveyAnswered, SurveyInvited, SurveyWithdrawn
from shared.problems import RuleBroken, Unprocessable
from shared.text import NotPlain, printable
from shared.web.templating import gettext as _


class SurveyAlreadyAnswered(RuleBroken):
    """This survey has already been answered. Answers cannot be changed."""


class SurveyExpired(RuleBroken):
    """This survey has closed."""

    status = 410


class SurveyStopped(RuleBroken):
    """This survey was withdrawn, and its link no longer works."""

    status = 410


class AnswersNotAccepted(Unprocessable):
    """Some answers are missing or not valid. Nothing was recorded. Correct them and send again."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(f"{name}: {text}." for name, text in errors.items()))
        self.errors = dict(errors)


@dataclass(frozen=True, slots=True)
class Response:
    """The state of one response after its events."""

    id: UUID
    version: int
    case_id: UUID
    questionnaire: str
    person_id: UUID
    expires_at: datetime
    answered_at: datetime | None = None
    withdrawn_at: datetime | None = None


def evolve(response: Response | None, event: Event) -> Response:
    """Fold one event."""
    if isinstance(event, SurveyInvited):
        return Response(
            event.originator_id, event.originator_version, event.case_id, event.questionnaire, event.person_id,
            event.expires_at,
        )  # fmt: skip
    assert response is not None
    match event:
        case SurveyAnswered():
            return replace(response, version=event.originator_version, answered_at=event.recorded_at)
        case SurveyWithdrawn():
            return replace(response, version=event.originator_version, withdrawn_at=event.recorded_at)
    raise TypeError(f"{event.type} is no event of a response")


def response_id(case_id: UUID, name: str) -> UUID:
    """One response per case, whatever the version: a case that closes again does not ask again."""
    return uuid5(case_id, name)


def invite(
    case_id: UUID, person_id: UUID, questionnaire: Questionnaire, closed_at: datetime, by: Provenance
) -> SurveyInvited:
    """Ask the person who complained about the case that was closed."""
    return SurveyInvited(
        **by.stamp(response_id(case_id, questionnaire.name), 1), case_id=case_id, questionnaire=questionnaire.id,
        person_id=person_id, expires_at=closed_at + questionnaire.open_for,
    )  # fmt: skip


def ensure_open(response: Response, now: datetime) -> None:
    """Answered once, only in time, and not once it was withdrawn."""
    if response.answered_at is not None:
        raise SurveyAlreadyAnswered
    if response.withdrawn_at is not None:
        raise SurveyStopped
    if now >= response.expires_at:
        raise SurveyExpired


def answer(response: Response, questionnaire: Questionnaire, given: Mapping[str, str], by: Provenance) -> list[Event]:
    """Record what was answered, by question; an empty answer is none."""
    ensure_open(response, by.at)
    filled = {name: text.strip() for name, text in given.items() if text.strip()}
    answers: list[Answer] = []
    errors: dict[str, str] = {}
    for question in questionnaire.questions:
        text = filled.pop(question.name, None)
        if text is not None:
            try:
                answers.append(_answer(question, text, response.person_id))
            except ValueError as error:
                errors[question.name] = str(error)
        elif question.required:
            errors[question.name] = _("Choose an answer: %(question)s") % {"question": _(question.text)}
    errors |= dict.fromkeys(filled, "is no question of this survey")
    if not answers and not errors:
        errors[questionnaire.questions[0].name] = _("Answer one question or more")
    if errors:
        raise AnswersNotAccepted(errors)
    return [
        SurveyAnswered(
            **by.after(response), case_id=response.case_id,
            questionnaire=response.questionnaire, person_id=response.person_id, answers=answers,
        )
    ]  # fmt: skip


def _answer(question: Question, text: str, person_id: UUID) -> Answer:
    if question.kind == "choice":
        if text not in {str(option.value) for option in question.options}:
            raise ValueError(f"Choose one of the answers offered: {question.text}")
        return Answer(question=question.name, kind="choice", choice=int(text))
    if len(text) > LONGEST:
        raise ValueError(f"Shorten your answer to {LONGEST} characters; it has {len(text)}")
    try:
        return Answer(question=question.name, kind="text", text=Sealed(person_id, printable(text)))
    except NotPlain as error:
        raise ValueError(f"Write it in plain text: {error}") from None
