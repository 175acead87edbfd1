"""The view lists measurements, and counts them by heat for one model."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg

from services.sentiment.card.listing import MEASUREMENTS, by_heat
from services.sentiment.card.view import measurements
from services.sentiment.measuring.model import MODEL
from shared.events import Provenance
from shared.events.sentiments import DecidingWord, SentimentMeasured
from shared.http.paging import Paging
from tests.feeding import Feeder
from tests.listing import listed

AT = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)


def measured(minute: int, heat: str, model: str = MODEL, subject_id: UUID | None = None) -> SentimentMeasured:
    by = Provenance("sentiment.measure", AT + timedelta(minutes=minute), "complaints/x/1", AT - timedelta(days=1))
    return SentimentMeasured.model_validate(
        {
            **by.stamp(uuid4(), 1), "subject": "complaint", "subject_id": subject_id or uuid4(), "score": -0.5,
            "heat": heat, "model": model, "deciding": [DecidingWord(start=3, end=8, weight=-2.0)],
        }
    )  # fmt: skip


async def test_a_measurement_is_one_row(feeder: Feeder) -> None:
    event = measured(0, "red")
    rows = await feeder.feed(measurements, event)
    assert rows["measured"] == {
        event.originator_id: {
            "measurement_id": event.originator_id, "subject": "complaint", "subject_id": event.subject_id,
            "score": -0.5, "heat": "red", "model": MODEL, "deciding": [{"start": 3, "end": 8, "weight": -2.0}],
            "said_at": AT - timedelta(days=1), "measured_at": AT,
        }
    }  # fmt: skip


async def test_the_list_is_filtered_and_paged_and_counts_one_model(feeder: Feeder) -> None:
    subject = uuid4()
    events = [measured(n, heat) for n, heat in enumerate(["red", "amber", "amber", "green", "red"])]
    events += [measured(9, "red", model="older"), measured(10, "green", subject_id=subject)]
    await feeder.feed(measurements, *events)
    async with await psycopg.AsyncConnection.connect(feeder.url) as conn:
        assert await by_heat(conn, MODEL) == {"red": 2, "amber": 2, "green": 2}
        assert await by_heat(conn, "never used") == {"red": 0, "amber": 0, "green": 0}
        reds = await listed(conn, MEASUREMENTS, heat="red")
        assert [row["measurement_id"] for row in reds.rows] == [events[n].originator_id for n in (5, 4, 0)]
        of_one = await listed(conn, MEASUREMENTS, subject_id=str(subject))
        assert [row["subject_id"] for row in of_one.rows] == [subject]
        first = await listed(conn, MEASUREMENTS, Paging(3))
        rest = await listed(conn, MEASUREMENTS, Paging(10, first.after))
        assert (len(first.rows), rest.after) == (3, None)
        assert [row["measurement_id"] for row in first.rows + rest.rows] == [e.originator_id for e in reversed(events)]
