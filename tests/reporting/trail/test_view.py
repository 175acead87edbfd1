"""What happened to a complaint, in the order in which it was written down, as at any instant."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg

from services.reporting.trail.listing import LATEST, subject_with, trail_of
from services.reporting.trail.view import audit
from services.reporting.trail.wording import what
from shared.http.paging import Paging
from tests.feeding import Feeder, Rows
from tests.listing import listed
from tests.scenarios.reporting import PERSON, at, case, opened, story


async def told(feeder: Feeder, subject: UUID, as_at: Any = None) -> list[str]:
    async with await psycopg.AsyncConnection.connect(feeder.url) as conn:
        return [row["name"].rpartition(".v")[0] for row in await trail_of(conn, subject, as_at)]


async def test_a_complaint_is_told_through_every_topic_causes_before_effects(postgres: Callable[[str], str]) -> None:
    feeder = Feeder(postgres("reporting"))
    events = story()
    rows = await feeder.feed(audit, *events, *opened(2, 5))
    assert len(rows["trail"]) == len(events) + 2, "one row per event"
    assert await told(feeder, case(1)) == [
        "mention.captured", "sentiment.measured", "person.identified", "mention.promoted", "arrival.recorded",
        "complaint.received", "case.opened", "case.aspect-raised", "message.written", "message.sent",
        "case.aspect-assigned", "case.note-added", "case.aspect-resolved", "case.closed", "survey.invited",
        "sentiment.measured", "person.erased",
    ]  # fmt: skip
    assert await told(feeder, PERSON) == ["person.identified", "person.erased"]
    assert await told(feeder, UUID(int=501)) == ["mention.captured", "sentiment.measured", "mention.promoted"]


async def test_as_at_an_instant_nothing_later_is_known(postgres: Callable[[str], str]) -> None:
    feeder = Feeder(postgres("reporting"))
    await feeder.feed(audit, *story())
    assert await told(feeder, case(1), at(-1.5)) == [], "the mention was no complaint yet"
    assert await told(feeder, UUID(int=501), at(-1.5)) == ["mention.captured", "sentiment.measured"]
    assert (await told(feeder, case(1), at(1)))[-1] == "case.aspect-assigned"


async def test_the_order_between_topics_changes_no_row(postgres: Callable[[str], str]) -> None:
    forth, back = Feeder(postgres("reporting")), Feeder(postgres("reporting"))
    back.keyring = forth.keyring
    topics = sorted({event.topic for event in story()})
    first = await forth.feed(audit, *story())
    second = await back.feed(audit, *[event for topic in reversed(topics) for event in story() if event.topic == topic])
    assert _without_places(first) == _without_places(second)


async def test_personal_words_are_here_only_as_sealed_boxes(postgres: Callable[[str], str]) -> None:
    feeder = Feeder(postgres("reporting"))
    rows = (await feeder.feed(audit, *story()))["trail"]
    for words in ("Ada", "ada@example.org", "lost my letter", "We were slow"):
        assert words not in str(rows)
    note = rows[f"cases/{case(1)}/4"]
    assert note["payload"]["text"].keys() == {"person", "box"}
    assert all(what(row["name"], row["payload"]) for row in rows.values())


async def test_a_reference_finds_its_complaint_and_the_latest_come_first(postgres: Callable[[str], str]) -> None:
    feeder = Feeder(postgres("reporting"))
    await feeder.feed(audit, *story())
    async with await psycopg.AsyncConnection.connect(feeder.url) as conn:
        assert await subject_with(conn, "ref1-aaaa") == case(1)
        assert await subject_with(conn, "REF2-AAAA") is None
        first = await listed(conn, LATEST, Paging(2))
        rest = await listed(conn, LATEST, Paging(100, first.after))
    assert [row["name"] for row in first.rows] == ["person.erased.v1", "sentiment.measured.v1"]
    assert len(first.rows + rest.rows) == len(story())


def _without_places(rows: Rows) -> dict[str, dict[str, Any]]:
    """Where a record stands, and the nonces of its boxes, are the log's own."""
    own = {"position", "partition", "payload"}
    return {key: {k: v for k, v in row.items() if k not in own} for key, row in rows["trail"].items()}
