"""What is written elsewhere is measured here, and can be read by subject."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from services.sentiment.measuring.model import MODEL
from shared.events import Provenance
from shared.events.complaints import ComplaintReceived
from shared.events.sealed import Sealed
from tests.serving import Served, until

ANGRY = "You lied to me, horrible thieves!"


def complaint(narrative: str | None) -> ComplaintReceived:
    person = uuid4()
    return ComplaintReceived(
        **Provenance("customer", datetime.now(UTC)).stamp(uuid4(), 1), reference="R7K2-M9QX", channel="web",
        person_id=person, narrative=Sealed.of(person, narrative),
    )  # fmt: skip


async def measured(sentiment: Served, received: ComplaintReceived) -> list[dict[str, Any]]:
    async def found() -> Any:
        async with sentiment.client("machine") as client:
            answer = await client.get("/api/v1/sentiments", params={"subject_id": str(received.originator_id)})
        return answer.json()["data"]

    return list(await until(found))


async def test_a_complaint_is_measured_as_it_arrives(sentiment: Served, intake: Served) -> None:
    received = complaint(ANGRY)
    await intake.runtime.commits.save([received])
    [row] = await measured(sentiment, received)
    assert (row["subject"], row["heat"], row["model"]) == ("complaint", "red", MODEL)
    assert [ANGRY[w["start"] : w["end"]] for w in row["deciding"]] == ["lied", "horrible", "thieves"]


async def test_the_list_is_filtered_and_paged(sentiment: Served, intake: Served) -> None:
    calm, silent, angry = complaint("I moved house."), complaint(None), complaint(ANGRY)
    await intake.runtime.commits.save([calm, silent, angry])
    await measured(sentiment, calm)
    await measured(sentiment, angry)
    async with sentiment.client("machine") as client:
        green = (await client.get("/api/v1/sentiments", params={"heat": "green"})).json()["data"]
        nothing = (await client.get("/api/v1/sentiments", params={"subject_id": str(silent.originator_id)})).json()
        first = (await client.get("/api/v1/sentiments", params={"page[size]": 1})).json()
        second = (await client.get(first["links"]["next"])).json()
    assert str(calm.originator_id) in {row["subject_id"] for row in green}
    assert {row["heat"] for row in green} == {"green"}
    assert nothing["data"] == []
    assert first["data"][0]["measurement_id"] != second["data"][0]["measurement_id"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"heat": "blue"}, {"subject": "person"}, {"subject_id": "1"}, {"page[size]": "201"}, {"page[size]": "9" * 40},
        {"page[after]": "nonsense"}, {"at_least": "cases/0:1"},
    ],
)  # fmt: skip
async def test_a_wrong_question_is_told_why(sentiment: Served, wrong: dict[str, str]) -> None:
    async with sentiment.client("machine") as client:
        answer = await client.get("/api/v1/sentiments", params=wrong)
    assert answer.status_code == 422
    assert answer.json()["detail"]


async def test_a_stranger_sees_nothing(sentiment: Served) -> None:
    async with sentiment.client() as client:
        assert (await client.get("/api/v1/sentiments")).status_code == 401
        page = await client.get("/sentiment", headers={"accept": "text/html"})
    assert page.status_code == 303
