"""The API of the running service: figures and trails, now and as at an instant."""

from uuid import UUID

import pytest

from tests.scenarios.reporting import PERSON, at, case, story
from tests.serving import Served

COUNTS = "/api/v1/reports/counts"


async def test_figures_are_given_for_now_and_for_any_instant(reporting: Served) -> None:
    async with reporting.client("handler") as client:
        now = (await client.get(COUNTS, params={"by": "channel"})).json()
        assert now["total"] == {"complaints": 2, "aspects": 3}
        assert [(g["value"], g["complaints"], g["aspects"]) for g in now["data"]] == [("phone", 1, 2), ("social", 1, 1)]
        then = (await client.get(COUNTS, params={"by": "outcome", "as_at": at(3.5).isoformat()})).json()
        assert then["data"] == [{"value": "partly-upheld", "complaints": 1, "aspects": 1}]
        before = (await client.get(COUNTS, params={"as_at": "2000-01-01"})).json()
        assert (before["total"], before["data"]) == ({"complaints": 0, "aspects": 0}, [])


async def test_a_trail_is_given_in_words_with_its_payload_sealed(reporting: Served) -> None:
    async with reporting.client("auditor") as client:
        trail = (await client.get(f"/api/v1/audit/{case(1)}")).json()
        assert [event["name"] for event in trail["data"]][-1] == "person.erased.v1"
        assert len(trail["data"]) == len(story())
        note = next(event for event in trail["data"] if event["name"] == "case.note-added.v1")
        assert (note["what"], note["payload"]["text"].keys()) == ("Note added", {"person", "box"})
        assert "Ada Vale" not in str(trail)
        then = await client.get(f"/api/v1/audit/{case(1)}", params={"as_at": at(-3).isoformat()})
        assert (then.status_code, then.json()["data"]) == (200, [])
        assert (await client.get(f"/api/v1/audit/{UUID(int=404)}")).status_code == 404
        assert [e["name"] for e in (await client.get(f"/api/v1/audit/{PERSON}")).json()["data"]] == [
            "person.identified.v2", "person.erased.v1",
        ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": "mood"}, {"as_at": "yesterday"}, {"from": "2026-02-30"}, {"month": "2026-13"}, {"product": "a\0b"},
        {"as_at": "0001-01-01T00:00:00+14:00"}, {"product": "x" * 301}, {"at_least": "nowhere/0:1"},
        {"as_at": "2999-01-01"}, {"from": "2026-03-15", "to": "2026-03-14"}, {"prodcut": "Card"}, {"sort": "received"},
    ],
)  # fmt: skip
async def test_what_cannot_be_asked_is_refused_with_a_reason(reporting: Served, wrong: dict[str, str]) -> None:
    async with reporting.client("handler") as client:
        refused = await client.get(COUNTS, params=wrong)
        assert (refused.status_code, bool(refused.json()["detail"])) == (422, True)


async def test_who_may_not_is_told_so(reporting: Served) -> None:
    async with reporting.client("handler") as handler, reporting.client() as stranger:
        assert (await handler.get(f"/api/v1/audit/{case(1)}")).status_code == 403
        assert (await stranger.get(COUNTS)).status_code == 401
        assert (await stranger.get("/reports/complaints.csv")).status_code == 401
