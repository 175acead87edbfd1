"""Events of `surveys`: questions asked and answered about how a case was handled."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from shared.events.base import Event
from shared.events.sealed import Sealed


class SurveyEvent(Event):
    """`originator_id` is the response: one invitation to one person about one case."""

    topic = "surveys"

    case_id: UUID = Field(description="The case that is asked about.")
    questionnaire: str = Field(description="Its name and version, for example `handling.v1`.")
    person_id: UUID = Field(description="Who is asked.")


class SurveyInvited(SurveyEvent):
    """A person is asked; `intake` sends them the link."""

    type = "survey.invited"
    sentence = "Survey invitation created"
    details = ("questionnaire",)

    expires_at: AwareDatetime = Field(description="After this the link no longer works.")


class Answer(BaseModel):
    """The answer to one question."""

    question: str = Field(description="The question's name in the questionnaire.")
    kind: Literal["choice", "text"] = Field(description="What sort of question it is.")
    choice: int | None = Field(None, description="The chosen option's value.")
    text: Sealed | None = Field(None, description="In the customer's words.")


class SurveyAnswered(SurveyEvent):
    """The person answered; a questionnaire is answered once."""

    type = "survey.answered"
    sentence = "Survey answered"
    details = ("questionnaire",)

    answers: list[Answer] = Field(description="One per question that was answered.")


class SurveyWithdrawn(SurveyEvent):
    """Staff took the invitation back before it was answered: its link opens nothing any more."""

    type = "survey.withdrawn"
    sentence = "Survey invitation withdrawn"
    details = ("questionnaire",)
