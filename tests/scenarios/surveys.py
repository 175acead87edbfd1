"""Events that the tests of surveys begin with."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from services.surveys.questionnaire.definition import load_questionnaires
from services.surveys.response.state import invite, response_id
from shared.events import Provenance
from shared.events.cases import CaseClosed
from shared.events.complaints import MessageWritten
from shared.events.sealed import Sealed
from shared.events.surveys import Answer, SurveyAnswered, SurveyInvited, SurveyWithdrawn
from tests.serving import Served

CLOSED = datetime(2026, 3, 14, 9, tzinfo=UTC)
ASKED = load_questionnaires().all[0]


def closed(number: int, *, version: int = 5, at: datetime = CLOSED) -> CaseClosed:
    return CaseClosed(
        originator_id=UUID(int=number), originator_version=version, actor="ines@example.org", recorded_at=at,
        person_id=UUID(int=1000 + number),
    )  # fmt: skip


def asked(number: int, *, at: datetime = CLOSED) -> SurveyInvited:
    by = Provenance("surveys.invite", at + timedelta(minutes=number), f"cases/{UUID(int=number)}/5")
    return invite(UUID(int=number), UUID(int=1000 + number), ASKED, by.at, by)


def written(invited: SurveyInvited) -> MessageWritten:
    by = Provenance("intake.invite", invited.recorded_at, invited.id)
    return MessageWritten(
        **by.stamp(uuid5(invited.originator_id, "invitation"), 1), complaint_id=invited.case_id,
        person_id=invited.person_id, purpose="survey-invitation", channel="email",
        to=Sealed(invited.person_id, "ada@example.org"), subject=Sealed(invited.person_id, "How did we do?"),
        body=Sealed(invited.person_id, "The link"),
    )  # fmt: skip


def answered(invited: SurveyInvited, *, comment: str | None = None, **choices: int) -> SurveyAnswered:
    answers = [Answer(question=name, kind="choice", choice=value) for name, value in choices.items()]
    if comment:
        answers.append(Answer(question="comment", kind="text", text=Sealed(invited.person_id, comment)))
    return SurveyAnswered(
        **Provenance("customer", CLOSED + timedelta(days=1)).stamp(invited.originator_id, 2),
        case_id=invited.case_id, questionnaire=invited.questionnaire, person_id=invited.person_id, answers=answers,
    )  # fmt: skip


def withdrawn(invited: SurveyInvited) -> SurveyWithdrawn:
    return SurveyWithdrawn(
        **Provenance("ines@example.org", CLOSED + timedelta(days=2)).stamp(invited.originator_id, 2),
        case_id=invited.case_id, questionnaire=invited.questionnaire, person_id=invited.person_id,
    )  # fmt: skip


async def ask(served: Served, number: int, *, erased: bool = False) -> str:
    """The link that a person gets by mail, their key having come from elsewhere and been destroyed or not."""
    person = UUID(int=1000 + number)
    wrapped = served.runtime.keyring.create(person)
    served.runtime.keyring.discard([person])
    async with served.runtime.pool.connection() as conn:
        await conn.execute("insert into keys values (%s, %s)", [person, None if erased else wrapped])
    served.runtime.store.put([asked(number, at=CLOSED.replace(year=2099))])
    return f"/surveys/answer/{served.runtime.signer.sign('survey', str(response_id(UUID(int=number), 'handling')))}"
