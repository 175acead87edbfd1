"""The API works a case from receipt to closing, says what it refuses, and lists by every filter."""

import json
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
import pytest

from tests.cases.conftest import Receive
from tests.scenarios.cases import complaint, erased, person_id, sentiment
from tests.serving import Served, until

DECIDED = {"outcome": "not-upheld", "explanation": "We did as agreed."}
RESOLUTION = "/aspects/{a}/resolution"
UPHELD = {
    "outcome": "upheld", "redress": "refund", "amount": "25.00", "currency": "GBP", "root_cause": "system-error",
    "explanation": "We charged you twice.",
}  # fmt: skip


def primary(case_id: UUID) -> UUID:
    return uuid5(case_id, "primary")


async def post(client: httpx.AsyncClient, case_id: UUID, path: str, body: Any = None, **headers: str) -> httpx.Response:
    return await client.post(f"/api/v1/cases/{case_id}{path}", json=body, headers=headers)


async def test_a_case_is_worked_from_receipt_to_closing(cases: Served, receive: Receive) -> None:
    case_id = await receive()
    first = f"/aspects/{primary(case_id)}"
    async with cases.client("handler") as client:
        new = await client.get(f"/api/v1/cases/{case_id}")
        assert (new.status_code, new.headers["etag"], new.json()["status"]) == (200, '"2"', "new")
        assert new.json()["narrative"].startswith("My card was charged twice")
        raised = await post(
            client, case_id, "/aspects", {"product": "Loan", "issue": "Fees"}, **{"Idempotency-Key": "a"}
        )
        assert raised.status_code == 201, raised.text
        second = f"/aspects/{raised.json()['id']}"
        for path, body in (
            (f"{first}/assignment", {"handler": "ines@example.org"}),
            (f"{first}/classification", {"product": "Card", "issue": "Double booking"}),
            (f"{first}/resolution", UPHELD),
        ):
            assert (await post(client, case_id, path, body)).status_code == 200, path
        refused = await post(client, case_id, "/closing")
        assert refused.status_code == 409
        assert refused.json()["detail"].endswith("Still open: Loan: Fees.")
        await post(client, case_id, f"{second}/resolution", DECIDED)
        noted = await post(client, case_id, "/notes", {"text": "Called the customer."})
        assert noted.status_code == 201
        closed = await post(client, case_id, "/closing")
        read = await client.get(f"/api/v1/cases/{case_id}", params={"at_least": closed.json()["position"]})
    found = read.json()
    assert (found["status"], found["open_aspects"], found["total_aspects"]) == ("closed", 0, 2)
    assert [aspect["outcome"] for aspect in found["aspects"]] == ["upheld", "not-upheld"]
    assert (found["aspects"][0]["amount"], found["aspects"][0]["explanation"]) == ("25.00", "We charged you twice.")
    assert [entry["kind"] for entry in found["timeline"]] == [
        "complaint.received", "case.aspect-raised", "case.aspect-assigned", "case.aspect-classified",
        "case.aspect-resolved", "case.aspect-resolved", "case.note-added", "case.closed",
    ]  # fmt: skip
    assert found["timeline"][-2]["words"] == "Called the customer."


async def test_a_decision_is_corrected_with_a_reason(cases: Served, receive: Receive) -> None:
    case_id = await receive()
    path = f"/aspects/{primary(case_id)}/correction"
    async with cases.client("handler") as client:
        early = await post(client, case_id, path, DECIDED | {"reason": "Wrong amount"})
        assert (early.status_code, early.json()["title"]) == (409, "Aspect not decided")
        await post(client, case_id, f"/aspects/{primary(case_id)}/resolution", UPHELD)
        for wrong in (DECIDED, {"outcome": "not-upheld", "reason": "Wrong amount"}):
            assert (await post(client, case_id, path, wrong)).status_code == 422
        done = await post(client, case_id, path, UPHELD | {"amount": "250.00", "reason": "Wrong amount"})
        assert done.status_code == 200, done.text
        found = (await client.get(f"/api/v1/cases/{case_id}", params={"at_least": done.json()["position"]})).json()
    assert (found["status"], found["aspects"][0]["amount"]) == ("resolved", "250.00")
    entry = found["timeline"][-1]
    assert (entry["kind"], entry["words"]) == ("case.decision-corrected", "We charged you twice.")
    assert (entry["facts"]["amount"], entry["facts"]["reason"]) == ("250.00", "Wrong amount")


async def test_a_closed_case_refuses_work_until_it_is_reopened(cases: Served, receive: Receive) -> None:
    case_id = await receive()
    first = f"/aspects/{primary(case_id)}"
    async with cases.client("handler") as client:
        await post(client, case_id, f"{first}/resolution", DECIDED)
        await post(client, case_id, "/closing")
        for path, body in (
            ("/aspects", {"product": "Loan"}), (f"{first}/assignment", {"handler": "x"}), ("/closing", None),
            (f"{first}/classification", {"product": "a", "issue": "b"}), (f"{first}/resolution", DECIDED),
            (f"{first}/correction", DECIDED | {"reason": "Wrong amount"}), ("/priority", {"priority": "urgent"}),
        ):  # fmt: skip
            refused = await post(client, case_id, path, body)
            assert (refused.status_code, refused.json()["title"]) == (409, "Case already closed"), path
        assert (await post(client, case_id, "/notes", {"text": "Thanked us."})).status_code == 201
        assert (await post(client, case_id, "/reopening", {"reason": "Disputed"})).status_code == 200
        assert (await post(client, case_id, f"{first}/resolution", UPHELD)).status_code == 200
        assert (await post(client, case_id, f"{first}/resolution", UPHELD)).status_code == 409


async def test_what_is_sent_twice_happens_once(cases: Served, receive: Receive) -> None:
    case_id = await receive()
    key = {"Idempotency-Key": "same"}
    async with cases.client("handler") as client:
        one = await post(client, case_id, "/aspects", {"product": "Loan"}, **key)
        two = await post(client, case_id, "/aspects", {"product": "Loan"}, **key)
        assert (one.status_code, one.json()) == (two.status_code, two.json())
        for _ in range(2):
            noted = await post(client, case_id, "/notes", {"text": "Once."}, **key)
            await post(client, case_id, "/priority", {"priority": "high"})
            assert noted.status_code == 201
        last = await post(client, case_id, "/notes", {"text": "Last."})
        read = await client.get(f"/api/v1/cases/{case_id}", params={"at_least": last.json()["position"]})
    kinds = [entry["kind"] for entry in read.json()["timeline"]]
    assert (kinds.count("case.note-added"), kinds.count("case.priority-changed")) == (2, 1)


async def test_a_key_of_somebody_else_is_another_request(cases: Served, receive: Receive) -> None:
    case_id = await receive()
    async with cases.client("leader") as leader, cases.client("handler") as handler:
        for client in (leader, handler):
            noted = await post(client, case_id, "/notes", {"text": "first"}, **{"Idempotency-Key": "note-1"})
            assert noted.json()["position"] is not None
        other = await post(leader, case_id, "/notes", {"text": "other words"}, **{"Idempotency-Key": "note-1"})
        assert (other.status_code, other.json()["title"]) == (422, "Key used for another request")
        read = await leader.get(f"/api/v1/cases/{case_id}", params={"at_least": noted.json()["position"]})
    notes = [(entry["who"], entry["words"]) for entry in read.json()["timeline"] if entry["kind"] == "case.note-added"]
    assert len(notes) == len(set(notes)) == 2


async def test_a_request_that_is_sent_again_gets_its_first_answer_whatever_happened_since(
    cases: Served, receive: Receive
) -> None:
    case_id, key = await receive(), {"Idempotency-Key": "first"}
    async with cases.client("handler") as client:
        seen = (await client.get(f"/api/v1/cases/{case_id}")).headers["etag"]
        sent = {"priority": "urgent"}
        first = await post(client, case_id, "/priority", sent, **key, **{"If-Match": seen})
        await post(client, case_id, "/priority", {"priority": "low"})
        again = await post(client, case_id, "/priority", sent, **key, **{"If-Match": seen})
        last = await post(client, case_id, "/notes", {"text": "Last."})
        read = await client.get(f"/api/v1/cases/{case_id}", params={"at_least": last.json()["position"]})
    assert (again.status_code, again.json()) == (200, first.json())
    assert read.json()["priority"] == "low", "nothing was done a second time"


async def test_a_key_keeps_the_answer_that_nothing_had_to_change(cases: Served, receive: Receive) -> None:
    case_id, key = await receive(), {"Idempotency-Key": "calm"}
    async with cases.client("handler") as client:
        for _ in range(2):
            calm = await post(client, case_id, "/priority", {"priority": "normal"}, **key)
            assert calm.json() == {"position": None}
            await post(client, case_id, "/priority", {"priority": "high"})


async def test_an_edit_of_an_older_version_is_refused(cases: Served, receive: Receive) -> None:
    case_id = await receive()
    async with cases.client("handler") as client:
        seen = (await client.get(f"/api/v1/cases/{case_id}")).headers["etag"]
        first = await post(client, case_id, "/priority", {"priority": "high"}, **{"If-Match": seen})
        second = await post(client, case_id, "/priority", {"priority": "low"}, **{"If-Match": seen})
        wrong = await post(client, case_id, "/priority", {"priority": "low"}, **{"If-Match": "yesterday"})
        freely = await post(client, case_id, "/priority", {"priority": "low"}, **{"If-Match": "*"})
    assert [r.status_code for r in (first, second, wrong, freely)] == [200, 412, 422, 200]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/notes", {"text": ""}), ("/notes", {"text": "  "}), ("/notes", {"text": "a\0b"}),
        ("/notes", {"text": "\ud800"}),
        ("/notes", {"text": "x" * 20_001}), ("/notes", {}), ("/priority", {"priority": "soon"}),
        ("/priority", {"priority": "high", "reason": "x" * 201}), ("/reopening", {"reason": ""}),
        ("/aspects", {}), ("/aspects", {"summary": " "}), ("/aspects", {"product": "x" * 201}),
        ("/aspects/1/assignment", {"handler": "x"}),
        ("/aspects/{a}/assignment", {}), ("/aspects/{a}/assignment", {"handler": "a\0"}),
        ("/aspects/{a}/classification", {"product": "Loan"}), ("/aspects/{a}/resolution", {"outcome": "maybe"}),
        ("/aspects/{a}/resolution", {"outcome": "upheld"}),
        (RESOLUTION, UPHELD | {"amount": "-1"}), (RESOLUTION, UPHELD | {"amount": "NaN"}),
        (RESOLUTION, UPHELD | {"amount": "1e30"}), (RESOLUTION, UPHELD | {"amount": "0.001"}),
        (RESOLUTION, UPHELD | {"currency": "pounds"}), (RESOLUTION, UPHELD | {"currency": None}),
        (RESOLUTION, UPHELD | {"currency": "ZZZ"}), (RESOLUTION, UPHELD | {"root_cause": "banana"}),
        (RESOLUTION, UPHELD | {"redress": "apology"}), (RESOLUTION, UPHELD | {"amount": "0"}),
    ],
)  # fmt: skip
async def test_what_cannot_be_taken_is_told_why(cases: Served, receive: Receive, path: str, body: Any) -> None:
    case_id = await receive() if "outcome" in body or path == "/aspects" else uuid4()
    async with cases.client("handler") as client:
        answer = await client.post(
            f"/api/v1/cases/{case_id}{path.format(a=primary(case_id))}", content=json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )  # fmt: skip
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


async def test_the_list_narrows_and_pages(cases: Served, receive: Receive) -> None:
    word = uuid4().hex[:12]
    ids = [await receive(product=f"Product {word}", channel=channel) for channel in ("letter", "fax", "letter")]
    async with cases.client("handler") as client:
        resolved = await post(client, ids[0], f"/aspects/{primary(ids[0])}/resolution", UPHELD)
        position = {"at_least": resolved.json()["position"]}

        async def listed(**params: Any) -> list[str]:
            answer = await client.get("/api/v1/cases", params=position | {"product": f"Product {word}"} | params)
            assert answer.status_code == 200, answer.text
            return sorted(row["case_id"] for row in answer.json()["data"])

        one, two, three = map(str, ids)
        await client.get(f"/api/v1/cases/{one}", params=position)
        assert await listed() == sorted([one, two, three])
        assert await listed(channel="letter") == sorted([one, three])
        assert await listed(outcome="upheld", cause="system-error") == [one]
        assert await listed(outcome="upheld", cause="delay") == []
        assert await listed(status="new") == sorted([two, three])
        assert await listed(view="unassigned", status="") == sorted([one, two, three])
        assert await listed(view="mine") == []
        assert await listed(**{"from": "2026-03-14", "to": "2026-03-14"}) == sorted([one, two, three])
        assert await listed(**{"to": "2026-03-13"}) == []
        assert await listed(q=word, channel="fax") == [two]
        first = (await client.get("/api/v1/cases", params={"q": word, "page[size]": 2})).json()
        rest = (await client.get(first["links"]["next"])).json()
    assert (len(first["data"]), len(rest["data"]), rest["meta"]["has_more"]) == (2, 1, False)
    assert {row["case_id"] for row in first["data"] + rest["data"]} == {one, two, three}


async def test_a_person_is_found_by_name_and_gone_when_erased(
    cases: Served, neighbour: Served, receive: Receive
) -> None:
    word = f"Zyx{uuid4().hex[:8]}"
    case_id = await receive(name=word)
    number = case_id.int & 0xFFFF
    async with cases.client("handler") as client:
        await post(client, case_id, "/notes", {"text": f"{word} called."})

        async def hits() -> int:
            return len((await client.get("/api/v1/cases", params={"q": word.lower()})).json()["data"])

        assert await hits() == 1
        await neighbour.runtime.commits.save([erased(number)])

        async def gone() -> bool:
            read = (await client.get(f"/api/v1/cases/{case_id}")).json()
            words = [read["narrative"], read["person_name"], *(entry["words"] for entry in read["timeline"])]
            return words == [None] * len(words)

        await until(gone)
        assert await hits() == 0
        assert (await post(client, case_id, "/notes", {"text": "Anything"})).status_code == 410
        decided = await post(client, case_id, f"/aspects/{primary(case_id)}/resolution", {"outcome": "withdrawn"})
        assert decided.status_code == 200


async def test_red_words_move_the_case_to_the_front(cases: Served, neighbour: Served, receive: Receive) -> None:
    """The words may come first: here they are sent before the complaint is."""
    number = 90_000
    await neighbour.runtime.commits.save([sentiment(number, -0.9, "red")])
    await neighbour.runtime.commits.save([complaint(number)])
    async with cases.client("handler") as client:

        async def flagged() -> Any:
            read = await client.get(f"/api/v1/cases/{complaint(number).originator_id}")
            return read.status_code == 200 and read.json()["alert"] and read.json()

        found = await until(flagged)
        assert (found["priority"], found["alert"], found["heat"]) == ("urgent", "red-sentiment", "red")
        red = (await client.get("/api/v1/cases", params={"view": "red"})).json()["data"]
        assert found["case_id"] in {row["case_id"] for row in red}
    assert found["person_id"] == str(person_id(number))


async def test_who_may_do_what(cases: Served, receive: Receive) -> None:
    case_id = await receive()
    expected = {
        None: (401, 401),
        "customer": (403, 403),
        "auditor": (200, 403),
        "quality": (200, 403),
        "leader": (200, 201),
    }
    for role, statuses in expected.items():
        async with cases.client(role) as client:
            read = await client.get(f"/api/v1/cases/{case_id}")
            work = await post(client, case_id, "/notes", {"text": "Words"})
        assert (read.status_code, work.status_code) == statuses, role


async def test_what_is_not_there_is_not_found(cases: Served, receive: Receive) -> None:
    case_id = await receive()
    async with cases.client("handler") as client:
        answers = [
            await client.get(f"/api/v1/cases/{uuid4()}"),
            await post(client, uuid4(), "/closing"),
            await post(client, case_id, f"/aspects/{uuid4()}/resolution", DECIDED),
        ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
