"""One line of time holds what was said, sent, noted and decided; the words go when the person is erased."""

from uuid import UUID

import psycopg
import pytest

from services.cases.case_page.timeline import of_case, timeline
from shared.events import Provenance
from shared.events.complaints import MessageFailed, MessageSent, MessageWritten
from shared.events.sealed import Sealed
from tests.feeding import Feeder
from tests.scenarios import cases
from tests.scenarios.cases import AT, CASE, INES, NOTE, complaint, erased, folded, opened, person_id, worked

MESSAGE = UUID(int=77)
SENDS = Provenance("intake.acknowledge", AT)


def message() -> list[MessageWritten | MessageFailed | MessageSent]:
    sealed = {name: Sealed(person_id(1), name) for name in ("to", "subject", "body")}
    return [
        MessageWritten(
            **SENDS.stamp(MESSAGE, 1), complaint_id=CASE, person_id=person_id(1), purpose="acknowledgement",
            channel="email", **sealed,
        ),
        MessageFailed(**SENDS.stamp(MESSAGE, 2), complaint_id=CASE, attempt=1, error="busy"),
        MessageSent(**SENDS.stamp(MESSAGE, 3), complaint_id=CASE, attempt=2),
    ]  # fmt: skip


async def test_everything_that_people_did_or_heard_is_an_entry(feeder: Feeder) -> None:
    await feeder.feed(timeline, complaint(1), *worked(), *message())
    async with await psycopg.AsyncConnection.connect(feeder.url) as conn:
        entries = await of_case(conn, CASE)
    assert [entry["kind"] for entry in entries if not entry["kind"].startswith("message.")] == [
        "complaint.received", "case.aspect-assigned", "case.aspect-raised", "case.priority-changed",
        "case.alert-raised", "case.aspect-resolved", "case.aspect-resolved", "case.closed", "case.reopened",
        "case.aspect-resolved",
    ]  # fmt: skip
    sent = [entry for entry in entries if entry["about"] == MESSAGE]
    assert [entry["kind"] for entry in sent] == ["message.written", "message.failed", "message.sent"]
    assert (sent[0]["heading"], sent[0]["words"]) == ("subject", "body")
    assert sent[1]["facts"] == {"complaint_id": str(CASE), "attempt": 1, "error": "busy", "final": False}


async def test_a_very_long_case_shows_the_complaint_and_what_happened_last(
    feeder: Feeder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_case.__module__ + ".MOST", 4)
    await feeder.feed(timeline, complaint(1), *worked())
    async with await psycopg.AsyncConnection.connect(feeder.url) as conn:
        entries = await of_case(conn, CASE)
    assert [entry["kind"] for entry in entries] == [
        "complaint.received", "case.closed", "case.reopened", "case.aspect-resolved",
    ]  # fmt: skip


async def test_colleagues_read_that_a_link_was_sent_and_not_the_link(feeder: Feeder) -> None:
    letter, *_ = message()
    assert isinstance(letter, MessageWritten)
    body = "See https://x.example/complain/track/IjAx.a-b_c and /surveys/answer/IjAx.d~e\nGoodbye"
    rows = await feeder.feed(timeline, complaint(1), letter.model_copy(update={"body": Sealed(person_id(1), body)}))
    words = rows["timeline"][letter.id]["words"]
    assert words == "See https://x.example/complain/track/… and /surveys/answer/…\nGoodbye"


async def test_an_entry_says_who_when_what_and_in_which_words(feeder: Feeder) -> None:
    events = opened(1)
    events += cases.add_note(folded(events), NOTE, "Called the customer.", INES)
    row = (await feeder.feed(timeline, *events))["timeline"][f"cases/{CASE}/3"]
    assert (row["who"], row["at"], row["words"]) == ("ines@example.org", INES.at, "Called the customer.")


async def test_a_complaint_says_what_would_put_it_right(feeder: Feeder) -> None:
    row = (await feeder.feed(timeline, complaint(1)))["timeline"][complaint(1).id]
    assert (row["words"], row["wanted"]) == ("My card was charged twice, number 1.", "An apology, and 1 pounds.")


async def test_words_go_when_their_person_is_erased_and_facts_stay(feeder: Feeder) -> None:
    await feeder.feed(timeline, complaint(1), complaint(2), *worked(), *message())
    rows = (await feeder.feed(timeline, erased(1)))["timeline"]
    assert {row["words"] or row["heading"] or row["wanted"] for row in rows.values() if row["case_id"] == CASE} == {
        None
    }
    assert rows[f"cases/{CASE}/7"]["facts"]["root_cause"] == "system-error"
    assert rows[complaint(2).id]["words"] == "My card was charged twice, number 2."
