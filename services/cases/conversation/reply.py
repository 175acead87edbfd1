"""Write to the customer: a reply leaves the house ten seconds after it was written, unless it is taken back."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from services.cases.case.actions import work
from services.cases.case.fields import Long, Named
from services.cases.case.state import Case
from shared.events import Event, Provenance
from shared.events.cases import ReplyReleased, ReplyTakenBack, ReplyWritten
from shared.events.sealed import Sealed
from shared.features.action import Created, Undo
from shared.problems import RuleBroken
from shared.text import one_line

REGRET = timedelta(seconds=10)
"""The time in which a reply can be taken back."""


class NothingToTakeBack(RuleBroken):
    """This reply has been sent and cannot be taken back. Write another."""

    field = "reply"


class WriteReply(BaseModel):
    """A reply to the customer."""

    subject: Annotated[Named, AfterValidator(one_line)] = Field(
        title="Subject", json_schema_extra={"enter": "Enter a subject"}
    )
    body: Long = Field(title="Reply", json_schema_extra={"enter": "Enter a reply"})


@work(
    "/replies", title="Reply", button="Send reply", said="Reply sent", answer=Created, additive=True,
    undo=lambda _: Undo("/replies/withdrawal"),
)  # fmt: skip
def write_reply(case: Case, asked: WriteReply, by: Provenance) -> list[Event]:
    """Write to the customer, on the way on which they want to be answered; also about a closed case."""
    return [
        ReplyWritten(
            **by.after(case), reply_id=by.new_id, subject=Sealed(case.person_id, asked.subject),
            body=Sealed(case.person_id, asked.body), send_at=by.at + REGRET,
        )
    ]  # fmt: skip


@work("/replies/withdrawal", title="Take back", said="Reply taken back", additive=True)
def take_back(case: Case, by: Provenance) -> list[Event]:
    """Take back the newest reply of one's own that has not been sent yet."""
    theirs = [reply for reply in case.unsent if reply.writer == by.actor]
    if not theirs:
        raise NothingToTakeBack
    return [ReplyTakenBack(**by.after(case), reply_id=theirs[-1].id)]


def release(case: Case, reply_id: object, subject: Sealed, body: Sealed, by: Provenance) -> list[Event]:
    """Hand the reply over for sending when its time has come, once."""
    due = [reply for reply in case.unsent if reply.id == reply_id and reply.send_at <= by.at]
    return [
        ReplyReleased(**by.after(case), reply_id=reply.id, person_id=case.person_id, subject=subject, body=body)
        for reply in due
    ]
