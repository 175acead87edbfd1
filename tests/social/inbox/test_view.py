"""The inbox is the same whatever order the topics arrive in, and forgets who was erased."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from services.social.inbox.listing import MENTIONS, networks
from services.social.inbox.view import inbox
from services.social.mention.actions import DismissMention, dismiss, promote, restore
from services.social.mention.state import Post, capture, evolve
from shared.events import Event, Provenance
from shared.events.cases import CaseClosed, CaseOpened, CaseReopened
from shared.events.complaints import ComplaintReceived
from shared.events.people import PersonErased
from shared.events.sealed import Sealed
from shared.events.sentiments import DecidingWord, SentimentMeasured
from shared.features.listing import counts, one
from shared.features.listing.request import asked_of
from shared.http.paging import Paging
from shared.problems import NotFound
from tests.feeding import Feeder, Rows
from tests.listing import listed

AT = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
SPAM = DismissMention(reason="spam")
PERSON, MENTION, COMPLAINT = uuid4(), uuid4(), uuid4()
POST = Post("x", "1", "Horrible bank", "comment", "Ann", "ann", "https://x.example/1", AT - timedelta(hours=1), "en")


def by(minute: int = 0) -> Provenance:
    return Provenance("someone", AT + timedelta(minutes=minute))


def mentioned(id_: UUID = MENTION, post: Post = POST, person: UUID = PERSON) -> list[Event]:
    return capture(id_, person, post, Provenance("token", AT, occurred_at=post.posted_at))


def measured(model: str, heat: str, subject: str = "mention") -> SentimentMeasured:
    return SentimentMeasured.model_validate(
        {
            **by().stamp(uuid4(), 1), "subject": subject, "subject_id": MENTION, "score": -0.7, "heat": heat,
            "model": model, "deciding": [DecidingWord(start=0, end=8, weight=-2.5)],
        }
    )  # fmt: skip


CAPTURED = mentioned()
PROMOTED = promote(evolve(None, CAPTURED[0]), replace(by(1), new_id=COMPLAINT))
RECEIVED = ComplaintReceived(
    **by(2).stamp(COMPLAINT, 1), reference="R7K2-M9QX", channel="social", person_id=PERSON,
    narrative=Sealed(PERSON, POST.text), mention_id=MENTION,
)  # fmt: skip
OPENED = CaseOpened(
    **by(3).stamp(COMPLAINT, 1), reference="R7K2-M9QX", person_id=PERSON, channel="social", received_at=AT
)
CLOSED = CaseClosed(**by(4).stamp(COMPLAINT, 2), person_id=PERSON)
REOPENED = CaseReopened(**by(5).stamp(COMPLAINT, 3), reason="disputed")


async def row(feeder: Feeder) -> dict[str, Any]:
    async with await psycopg.AsyncConnection.connect(feeder.url) as conn:
        found = await one(conn, MENTIONS, MENTION)
    assert found is not None
    return found


async def test_a_mention_is_one_row_with_its_case(feeder: Feeder) -> None:
    await feeder.feed(inbox, *CAPTURED, *PROMOTED, RECEIVED, OPENED, measured("m1", "red"))
    assert await row(feeder) == {
        "mention_id": MENTION, "version": 2, "network": "x", "kind": "comment", "person_id": PERSON, "author": "Ann",
        "handle": "ann", "text": "Horrible bank", "url": "https://x.example/1", "language": "en",
        "posted_at": AT - timedelta(hours=1), "captured_at": AT, "invented": False, "state": "promoted",
        "reason": None, "complaint_id": COMPLAINT, "score": -0.7, "heat": "red",
        "deciding": [{"start": 0, "end": 8, "weight": -2.5}], "reference": "R7K2-M9QX", "status": "open",
    }  # fmt: skip


async def test_the_order_of_the_topics_does_not_matter(postgres: Callable[[str], str]) -> None:
    """Within a topic an aggregate's events are in order, and two models' measurements are in none."""
    topics: list[list[Event]] = [
        [*CAPTURED, *PROMOTED],
        [RECEIVED],
        [OPENED, CLOSED],
        [measured("m2", "amber")],
        [measured("m1", "red")],
    ]
    found: list[Rows] = []
    for order in itertools.permutations(topics):
        if order.index(topics[0]) > 2 or len(found) > 12:
            continue
        fed = Feeder(postgres("inbox_order"))
        found.append(await fed.feed(inbox, *itertools.chain(*order)))
    assert len(found) > 10
    assert all(rows == found[0] for rows in found)
    assert found[0]["inbox"][MENTION]["heat"] == "amber"
    assert found[0]["inbox_complaints"][COMPLAINT]["status"] == "closed"


async def test_a_case_that_reopens_is_open(feeder: Feeder) -> None:
    await feeder.feed(inbox, *CAPTURED, *PROMOTED, OPENED, CLOSED, REOPENED)
    assert (await row(feeder))["status"] == "open"


async def test_a_dismissal_and_its_undo(feeder: Feeder) -> None:
    state = evolve(None, CAPTURED[0])
    gone = dismiss(state, SPAM, by(1))
    await feeder.feed(inbox, *CAPTURED, *gone)
    assert ((await row(feeder))["state"], (await row(feeder))["reason"]) == ("dismissed", "spam")
    await feeder.feed(inbox, *restore(evolve(state, gone[0]), by(2)))
    assert ((await row(feeder))["state"], (await row(feeder))["reason"]) == ("new", None)


async def test_what_is_only_measured_or_only_a_case_is_not_listed(feeder: Feeder) -> None:
    phone = OPENED.model_copy(update={"originator_id": uuid4(), "channel": "phone"})
    direct = RECEIVED.model_copy(update={"originator_id": uuid4(), "mention_id": None})
    rows = await feeder.feed(inbox, measured("m1", "red"), measured("m1", "red", "complaint"), phone, direct)
    assert rows["inbox_complaints"] == {}
    async with await psycopg.AsyncConnection.connect(feeder.url) as conn:
        assert (await listed(conn, MENTIONS)).rows == []
        with pytest.raises(NotFound):
            await one(conn, MENTIONS, MENTION)
        assert set((await counts(conn, MENTIONS, "", AT)).values()) == {0}


async def test_an_erased_author_leaves_the_figures(feeder: Feeder) -> None:
    await feeder.feed(inbox, *CAPTURED, measured("m1", "red"))
    erased = PersonErased(**by(9).stamp(PERSON, 1), reason="GDPR Article 17")
    rows = await feeder.feed(inbox, erased)
    assert "Horrible" not in str(rows)
    assert "ann" not in str(rows).lower()
    found = await row(feeder)
    assert (found["text"], found["author"], found["handle"], found["url"]) == (None, None, None, None)
    assert (found["network"], found["heat"], found["posted_at"]) == ("x", "red", AT - timedelta(hours=1))


async def test_filters_pages_and_counts(feeder: Feeder) -> None:
    ids = [uuid4() for _ in range(5)]
    posts = [Post("x" if n % 2 else "reviews", str(n), "Fine", posted_at=AT - timedelta(hours=n)) for n in range(5)]
    events = [event for id_, post in zip(ids, posts, strict=True) for event in mentioned(id_, post, uuid4())]
    events += dismiss(evolve(None, events[1]), SPAM, by())
    await feeder.feed(inbox, *events)
    async with await psycopg.AsyncConnection.connect(feeder.url) as conn:
        assert await networks(conn) == ["reviews", "x"]
        assert await counts(conn, MENTIONS, "", AT) == {"": 5, "new": 4, "promoted": 0, "dismissed": 1}
        of_x = asked_of(MENTIONS, {"network": "x", "state": "new"})
        assert await counts(conn, MENTIONS, "", AT, of_x) == {"": 2, "new": 1, "promoted": 0, "dismissed": 1}
        assert [row["mention_id"] for row in (await listed(conn, MENTIONS, network="x")).rows] == [ids[1], ids[3]]
        assert [row["mention_id"] for row in (await listed(conn, MENTIONS, state="dismissed")).rows] == [ids[1]]
        assert (await listed(conn, MENTIONS, heat="red")).rows == []
        first = await listed(conn, MENTIONS, Paging(2))
        rest = await listed(conn, MENTIONS, Paging(10, first.after))
        assert [row["mention_id"] for row in first.rows + rest.rows] == ids
