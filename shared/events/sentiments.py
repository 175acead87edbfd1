"""Events of `sentiment`: how upset a customer's text sounds."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from shared.events.base import Event

Heat = Literal["green", "amber", "red"]


class DecidingWord(BaseModel):
    """A word that decided, by its place, so that the words themselves stay sealed where they are."""

    start: int = Field(ge=0, description="First character, from 0.")
    end: int = Field(ge=0, description="After the last character.")
    weight: float = Field(description="Below 0 pulls to negative, above to positive.")


class SentimentMeasured(Event):
    """One text measured by one model; `originator_id` is the measurement."""

    topic = "sentiments"
    type = "sentiment.measured"
    sentence = "Sentiment of the {subject} measured: {heat}"
    details = ("score", "model")

    subject: Literal["complaint", "mention", "response"] = Field(description="What was measured.")
    subject_id: UUID = Field(description="Its id.")
    person_id: UUID | None = Field(None, description="Whose words they are.")
    score: float = Field(ge=-1, le=1, description="From -1 (negative) to 1 (positive).")
    heat: Heat = Field(description="How much it burns: red is flagged at once.")
    model: str = Field(description="The model and its version.")
    deciding: list[DecidingWord] = Field(default_factory=list, description="The words that decided.")
