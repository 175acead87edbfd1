"""A reply leaves the house ten seconds after it was written, once, unless its writer takes it back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.cases.conversation.contact import ContactInFuture, LogContact, log_contact
from services.cases.conversation.reply import REGRET, NothingToTakeBack, WriteReply, release, take_back, write_reply
from shared.events import Event, Provenance
from shared.events.cases import ReplyReleased, ReplyTakenBack
from shared.events.sealed import Sealed
from tests.scenarios.cases import INES, PERSON, closed, decided, folded, opened

REPLY = UUID(int=5)
SUBJECT, BODY = Sealed(PERSON, "Your refund"), Sealed(PERSON, "You will have it on Monday.")
LATER = replace(INES, actor="cases.replies", at=INES.at + REGRET)


def written(case: Any) -> list[Event]:
    return write_reply(case, WriteReply(subject="Your refund", body="You will have it on Monday."), wrote(REPLY))


def wrote(id_: UUID, by: Provenance = INES) -> Provenance:
    return replace(by, new_id=id_)


def test_a_reply_is_released_once_its_time_has_come() -> None:
    events = opened(1)
    events += written(folded(events))
    early = replace(LATER, at=LATER.at - timedelta(seconds=1))
    assert release(folded(events), REPLY, SUBJECT, BODY, early) == []
    made = release(folded(events), REPLY, SUBJECT, BODY, LATER)
    assert made == [
        ReplyReleased(
            **LATER.after(folded(events)), reply_id=REPLY, person_id=PERSON, subject=SUBJECT, body=BODY
        )
    ]  # fmt: skip
    assert release(folded([*events, *made]), REPLY, SUBJECT, BODY, LATER) == []


def test_what_is_taken_back_is_never_released() -> None:
    events = opened(1)
    events += written(folded(events))
    taken = take_back(folded(events), INES)
    assert taken == [ReplyTakenBack(**INES.after(folded(events)), reply_id=REPLY)]
    assert release(folded([*events, *taken]), REPLY, SUBJECT, BODY, LATER) == []


def test_only_the_writer_takes_a_reply_back_and_only_before_it_is_sent() -> None:
    events = opened(1)
    events += written(folded(events))
    with pytest.raises(NothingToTakeBack):
        take_back(folded(events), replace(INES, actor="omar@example.org"))
    events += release(folded(events), REPLY, SUBJECT, BODY, LATER)
    with pytest.raises(NothingToTakeBack):
        take_back(folded(events), INES)


def test_the_newest_reply_is_taken_back_first() -> None:
    events = opened(1)
    events += written(folded(events))
    events += write_reply(folded(events), WriteReply(subject="More", body="More."), wrote(UUID(int=6)))
    assert take_back(folded(events), INES)[0].reply_id == UUID(int=6)  # type: ignore[attr-defined]


def test_a_closed_case_is_answered_too() -> None:
    events = opened(1)
    for decide in (decided(), closed):
        events += decide(folded(events))
    assert written(folded(events))


def test_a_contact_is_logged_at_the_time_at_which_it_took_place() -> None:
    asked = LogContact(
        channel="phone", happened_at=INES.at - timedelta(hours=2), summary="He called.", agreed="We call."
    )
    (made,) = log_contact(folded(opened(1)), asked, INES)
    assert (made.happened_at, made.recorded_at) == (INES.at - timedelta(hours=2), INES.at)
    with pytest.raises(ContactInFuture):
        log_contact(folded(opened(1)), asked.model_copy(update={"happened_at": INES.at + timedelta(seconds=1)}), INES)
