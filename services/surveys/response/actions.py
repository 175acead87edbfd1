"""Actions on an invitation: withdraw it."""

from services.surveys.response.state import Response, SurveyExpired, SurveyStopped, ensure_open, evolve
from shared.events import Event, Provenance
from shared.events.surveys import SurveyWithdrawn
from shared.features.action import Actions
from shared.features.decider import Decider

invitation = Actions(
    "/surveys/responses/{response_id}", Decider[Response]("surveys", evolve), may="surveys.withdraw",
    pages=["/surveys/responses"],
)  # fmt: skip


@invitation(
    "/withdrawal", title="Withdraw", said="The survey link no longer works", answer=None
)  # fmt: skip
def withdraw(response: Response, by: Provenance) -> list[Event]:
    """Stop the link before anybody answers; one that opens nothing any more is left as it is."""
    try:
        ensure_open(response, by.at)
    except (SurveyStopped, SurveyExpired):
        return []
    return [
        SurveyWithdrawn(
            **by.after(response), case_id=response.case_id,
            questionnaire=response.questionnaire, person_id=response.person_id,
        )
    ]  # fmt: skip
