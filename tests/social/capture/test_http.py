"""The API takes a mention once, and what is decided about it can be read at once."""

import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.events import Provenance
from shared.events.cases import CaseClosed, CaseOpened
from shared.events.complaints import ComplaintReceived
from shared.events.mentions import MentionPromoted
from shared.events.people import PersonErased
from shared.events.sealed import Sealed
from shared.events.sentiments import SentimentMeasured
from tests.serving import Served, until

API = "/api/v1/mentions"


def mention(**fields: Any) -> dict[str, Any]:
    return {"network": "reviews", "external_id": secrets.token_hex(8), "text": "My card was charged twice."} | fields


async def captured(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    """A mention that was taken in, as the list shows it."""
    made = await client.post(API, json=mention(**fields))
    assert made.status_code == 201, made.text
    read = await client.get(made.headers["location"], params={"at_least": made.json()["position"]})
    assert read.status_code == 200, read.text
    row: dict[str, Any] = read.json()
    return row


async def test_a_captured_mention_can_be_read_at_once(social: Served) -> None:
    posted = "2026-03-14T09:30:00Z"
    async with social.client("machine") as client:
        row = await captured(
            client,
            kind="review",
            author="Ann",
            handle="ann",
            url="https://r.example/1",
            posted_at=posted,
            language="en",
        )
    assert (row["network"], row["kind"], row["state"]) == ("reviews", "review", "new")
    assert (row["author"], row["handle"], row["url"]) == ("Ann", "ann", "https://r.example/1")
    assert row["posted_at"] == posted
    assert row["score"] is None
    assert row["complaint_id"] is None


async def test_a_second_delivery_is_the_same_mention(social: Served) -> None:
    sent = mention()
    async with social.client("machine") as client:
        first = await client.post(API, json=sent)
        again = await client.post(API, json=sent)
        edited = await client.post(API, json=sent | {"text": "Other words."})
        other = await client.post(API, json=sent | {"network": "forum"})
    assert [a.status_code for a in (first, again, edited, other)] == [201, 200, 200, 201]
    assert first.json()["id"] == again.json()["id"] == edited.json()["id"] != other.json()["id"]
    assert again.json()["position"] is None


async def test_a_batch_takes_in_what_is_new(social: Served) -> None:
    known, new = mention(), [mention() for _ in range(3)]
    async with social.client("machine") as client:
        first = await client.post(API, json=known)
        done = (await client.post(f"{API}/batch", json={"mentions": [known, *new, new[0]]})).json()
        nothing = (await client.post(f"{API}/batch", json={"mentions": [known]})).json()
    assert (done["captured"], done["known"]) == (3, 2)
    assert done["ids"][0] == first.json()["id"]
    assert done["ids"][1] == done["ids"][4]
    assert (nothing["captured"], nothing["position"]) == (0, None)


async def test_a_batch_has_five_hundred_at_most(social: Served) -> None:
    async with social.client("machine") as client:
        most = await client.post(f"{API}/batch", json={"mentions": [mention() for _ in range(500)]})
        more = await client.post(f"{API}/batch", json={"mentions": [mention() for _ in range(501)]})
        none = await client.post(f"{API}/batch", json={"mentions": []})
    assert (most.status_code, more.status_code, none.status_code) == (200, 422, 422)
    assert most.json()["captured"] == 500


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": ""}, {"text": " \n "}, {"text": "a\0b"}, {"text": "\ud800"}, {"text": "x" * 65_001},
        {"network": "X Y"},
        {"network": ""}, {"external_id": ""}, {"external_id": "x" * 301}, {"url": "javascript:alert(1)"},
        {"posted_at": "2026-01-01T00:00:00"}, {"posted_at": "1969-12-31T00:00:00Z"},
        {"posted_at": "9999-12-31T00:00:00Z"},
        {"posted_at": "0001-01-01T00:00:00+14:00"}, {"kind": "song"}, {"language": "en us"}, {"handle": "a\0"},
    ],
)  # fmt: skip
async def test_what_cannot_be_taken_is_told_why(social: Served, wrong: dict[str, Any]) -> None:
    async with social.client("machine") as client:
        content = json.dumps(mention() | wrong).encode()
        made = await client.post(API, content=content, headers={"content-type": "application/json"})
    assert made.status_code == 422
    assert made.json()["detail"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "lost"}, {"heat": "blue"}, {"network": "a b"}, {"page[size]": "0"}, {"page[size]": "9" * 40},
        {"page[after]": "nonsense"}, {"at_least": "elsewhere/0:1"}, {"at_least": "x"},
    ],
)  # fmt: skip
async def test_a_wrong_question_is_told_why(social: Served, wrong: dict[str, str]) -> None:
    async with social.client("machine") as client:
        assert (await client.get(API, params=wrong)).status_code == 422


async def test_strangers_and_readers_may_not_work(social: Served) -> None:
    async with social.client() as stranger, social.client("auditor") as reader:
        assert (await stranger.post(API, json=mention())).status_code == 401
        assert (await stranger.get(API)).status_code == 401
        assert (await reader.get(API)).status_code == 200
        assert (await reader.post(API, json=mention())).status_code == 403
        assert (await reader.post(f"{API}/{uuid4()}/promotion")).status_code == 403


async def test_the_list_is_filtered_and_paged(social: Served) -> None:
    network = f"n{secrets.token_hex(4)}"
    async with social.client("machine") as client:
        for hour in (1, 3, 2):
            at = (datetime.now(UTC) - timedelta(hours=hour)).isoformat()
            row = await captured(client, network=network, posted_at=at, text=f"{hour} hours ago")
        gone = await client.post(f"{API}/{row['mention_id']}/dismissal", json={"reason": "spam"})
        params = {"network": network, "page[size]": 2, "at_least": gone.json()["position"]}
        first = (await client.get(API, params=params)).json()
        second = (await client.get(first["links"]["next"])).json()
        new = (await client.get(API, params={"network": network, "state": "new"})).json()
        red = (await client.get(API, params={"network": network, "heat": "red"})).json()
    assert [row["text"] for row in first["data"] + second["data"]] == ["1 hours ago", "2 hours ago", "3 hours ago"]
    assert (first["meta"]["has_more"], second["meta"]["has_more"]) == (True, False)
    assert [row["text"] for row in new["data"]] == ["1 hours ago", "3 hours ago"]
    assert red["data"] == []


async def test_a_promotion_is_answered_with_the_same_complaint(social: Served) -> None:
    async with social.client("machine") as client:
        row = await captured(client, text="Refund me")
        at = f"{API}/{row['mention_id']}"
        first = (await client.post(f"{at}/promotion")).json()
        again = (await client.post(f"{at}/promotion")).json()
        read = (await client.get(at, params={"at_least": first["position"]})).json()
        dismissed = await client.post(f"{at}/dismissal", json={"reason": "spam"})
    assert UUID(first["complaint_id"]).version == 7
    assert again == {"complaint_id": first["complaint_id"], "position": None}
    assert (read["state"], read["complaint_id"]) == ("promoted", first["complaint_id"])
    assert dismissed.status_code == 409
    assert "its case" in dismissed.json()["detail"]
    promoted = social.runtime.store.load(UUID(row["mention_id"]), lambda _, event: event)
    assert isinstance(promoted, MentionPromoted)
    assert promoted.text.text == "Refund me"
    assert promoted.actor == "machine@example.org"


async def test_a_promotion_sent_again_under_its_key_gets_the_first_answer(social: Served) -> None:
    key = {"Idempotency-Key": "promote-1"}
    async with social.client("machine") as client:
        row = await captured(client)
        at = f"{API}/{row['mention_id']}/promotion"
        first = (await client.post(at, headers=key)).json()
        again = (await client.post(at, headers=key)).json()
    assert again == first
    assert first["position"]


async def test_a_dismissal_can_be_undone(social: Served) -> None:
    async with social.client("handler") as client:
        row = await captured(client)
        at = f"{API}/{row['mention_id']}"
        dismissed = await client.post(f"{at}/dismissal", json={"reason": "not-about-us"})
        refused = await client.post(f"{at}/promotion")
        named = await client.post(f"{at}/dismissal", json={"reason": "Ann is rude"})
        restored = await client.post(f"{at}/restoration")
        read = (await client.get(at, params={"at_least": restored.json()["position"]})).json()
    assert dismissed.status_code == 200
    assert (refused.status_code, named.status_code) == (409, 422)
    assert (read["state"], read["reason"]) == ("new", None)


async def test_what_is_not_there_is_not_found(social: Served) -> None:
    async with social.client("machine") as client:
        at = f"{API}/{uuid4()}"
        assert (await client.get(at)).status_code == 404
        assert (await client.post(f"{at}/promotion")).status_code == 404
        assert (await client.post(f"{at}/restoration")).status_code == 404
        assert (await client.get(f"{API}/1")).status_code == 422


async def test_an_author_keeps_one_id_until_erased_and_then_gets_another(social: Served, neighbour: Served) -> None:
    handle = secrets.token_hex(6)
    async with social.client("machine") as client:
        one = await captured(client, handle=handle, author="Ann", text="First")
        two = await captured(client, handle=f"@{handle.upper()}", text="Second")
        assert one["person_id"] == two["person_id"]
        await social.runtime.keys.fetch({UUID(one["person_id"])})
        erasure = PersonErased(
            **Provenance("compliance", datetime.now(UTC)).stamp(UUID(one["person_id"]), 1), reason="GDPR Article 17"
        )
        await neighbour.runtime.commits.save([erasure])

        async def gone() -> Any:
            row = (await client.get(f"{API}/{one['mention_id']}")).json()
            return row if row["text"] is None else None

        row = await until(gone)
        assert (row["author"], row["handle"], row["url"]) == (None, None, None)
        refused = await client.post(f"{API}/{one['mention_id']}/promotion")
        assert refused.status_code == 410
        three = await captured(client, handle=handle, text="Third")
        four = await captured(client, handle=handle, text="Fourth")
    assert three["person_id"] == four["person_id"] != one["person_id"]
    assert three["text"] == "Third"


async def test_a_mention_shows_how_it_sounds_and_where_its_case_stands(social: Served, neighbour: Served) -> None:
    now, person = datetime.now(UTC), uuid4()
    async with social.client("machine") as client:
        row = await captured(client)
        id_ = UUID(row["mention_id"])
        complaint_id = UUID((await client.post(f"{API}/{id_}/promotion")).json()["complaint_id"])
        measured = SentimentMeasured(
            **Provenance("sentiment", now).stamp(uuid4(), 1),
            subject="mention",
            subject_id=id_,
            score=-0.8,
            heat="red",
            model="m",
        )
        received = ComplaintReceived(
            **Provenance("intake", now).stamp(complaint_id, 1), reference="R7K2-M9QX", channel="social",
            person_id=person,
            narrative=Sealed(person, "Refund me"), mention_id=id_,
        )  # fmt: skip
        opened = CaseOpened(
            **Provenance("cases", now).stamp(complaint_id, 2), reference="R7K2-M9QX", person_id=person,
            channel="social", received_at=now,
        )  # fmt: skip
        closed = CaseClosed(**Provenance("cases", now).stamp(complaint_id, 3), person_id=person)

        async def shows(**wanted: Any) -> None:
            async def known() -> bool:
                found = (await client.get(f"{API}/{id_}")).json()
                return bool(wanted.items() <= found.items())

            await until(known)

        await neighbour.runtime.commits.save([measured, received])
        await shows(reference="R7K2-M9QX", heat="red", score=-0.8, status=None)
        await neighbour.runtime.commits.save([opened])
        await shows(status="open")
        await neighbour.runtime.commits.save([closed])
        await shows(status="closed")


async def test_only_the_demo_says_that_a_mention_is_invented(social: Served) -> None:
    """Its complaint would be kept under no rule."""
    one, statuses = mention(invented=True), {}
    for role in ("handler", "admin", "machine", "demo"):
        async with social.client(role) as client:
            sent = [(API, one), (f"{API}/batch", {"mentions": [mention(), one]})]
            statuses[role] = tuple([(await client.post(path, json=body)).status_code for path, body in sent])
    assert statuses == dict.fromkeys(("handler", "admin", "machine"), (403, 403)) | {"demo": (201, 200)}
