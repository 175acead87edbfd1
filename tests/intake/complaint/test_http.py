"""The API takes a complaint once, says what is wrong, and shows what became of it."""

import asyncio
import csv
import io
import json
import secrets
import time
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from tests.serving import DATA, Served, standstill, until

COMPLAINT = {"narrative": "My card was charged twice.", "person": {"name": "A. Customer", "email": "a@example.org"}}


def key() -> dict[str, str]:
    return {"Idempotency-Key": secrets.token_hex(8)}


async def test_an_accepted_complaint_can_be_read_at_once(intake: Served) -> None:
    async with intake.client("machine") as client:
        made = await client.post("/api/v1/complaints", json=COMPLAINT, headers=key())
        assert made.status_code == 201, made.text
        read = await client.get(made.headers["location"], params={"at_least": made.json()["position"]})
    assert read.status_code == 200
    assert read.json()["reference"] == made.json()["reference"]
    assert read.json()["narrative"] == COMPLAINT["narrative"]


async def test_the_same_key_gets_the_first_answer(intake: Served) -> None:
    again = key()
    async with intake.client("machine") as client:
        first = await client.post("/api/v1/complaints", json=COMPLAINT, headers=again)
        second = await client.post("/api/v1/complaints", json=COMPLAINT, headers=again)
        for differing in ({"narrative": "Else."}, {"channel": "letter"}, {"external_id": "4711"}):
            other = await client.post("/api/v1/complaints", json=COMPLAINT | differing, headers=again)
            assert other.status_code == 422, differing
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert other.headers["content-type"] == "application/problem+json"
    assert "new key" in other.json()["detail"]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"narrative": ""},
        {"narrative": "a\0b"},
        {"narrative": "x" * 20_001},
        {"narrative": "\ud800"},
        {"narrative": "x", "person": {"email": "nobody"}},
        {"narrative": "x", "channel": "telepathy"},
        {"narrative": "x", "received_at": "2026-01-01T00:00:00"},
        {"narrative": "x", "received_at": "0001-01-01T00:00:00+14:00"},
        {"narrative": "x", "received_at": "1969-12-31T23:59:59Z"},
        {"narrative": "x", "received_at": "2999-01-01T00:00:00Z"},
        {"narrative": "x", "received_at": "9999-12-31T23:59:59Z"},
    ],
)
async def test_what_cannot_be_taken_is_told_why(intake: Served, wrong: dict[str, Any]) -> None:
    import json

    async with intake.client("machine") as client:
        content = json.dumps(wrong).encode()
        made = await client.post(
            "/api/v1/complaints", content=content, headers=key() | {"content-type": "application/json"}
        )
    assert made.status_code == 422
    assert made.json()["detail"]


async def test_a_stranger_neither_sends_nor_reads(intake: Served) -> None:
    async with intake.client() as client:
        made = await client.post("/api/v1/complaints", json=COMPLAINT, headers=key())
        listed = await client.get("/api/v1/complaints")
    assert (made.status_code, listed.status_code) == (401, 401)


async def test_a_complaint_is_found_by_the_number_of_whoever_sent_it(intake: Served) -> None:
    async with intake.client("machine") as client:
        number = {"external_id": f"crm:{uuid4().hex}"}
        made = (await client.post("/api/v1/complaints", json=COMPLAINT | number, headers=key())).json()
        for params in (number, {"reference": made["reference"].lower()}):
            found = await client.get("/api/v1/complaints", params=params | {"at_least": made["position"]})
            assert [row["complaint_id"] for row in found.json()["data"]] == [made["id"]]
        wrong = await client.get("/api/v1/complaints", params={"externalid": "crm:4711"})
    assert (wrong.status_code, "no parameter externalid" in wrong.text) == (422, True)


async def test_the_ledger_can_be_taken_away_as_a_file(intake: Served) -> None:
    async with intake.client("machine") as client:
        made = (await client.post("/api/v1/complaints", json=COMPLAINT, headers=key())).json()

        async def recorded() -> Any:
            sheet = csv.DictReader(io.StringIO((await client.get("/intake/ledger.csv?outcome=accepted")).text))
            return next((row for row in sheet if row["complaint_id"] == made["id"] and row["reference"]), None)

        row = await until(recorded)
        assert (row["reference"], row["channel"], row["outcome"]) == (made["reference"], "api", "accepted")
        refused = await client.get("/intake/ledger.csv?outcome=refused")
        assert made["id"] not in refused.text


async def test_the_list_pages_by_cursor(intake: Served) -> None:
    async with intake.client("machine") as client:
        for n in range(3):
            made = await client.post("/api/v1/complaints", json=COMPLAINT | {"wanted": str(n)}, headers=key())
        params = {"page[size]": 2, "at_least": made.json()["position"]}
        first = (await client.get("/api/v1/complaints", params=params)).json()
        second = (await client.get(first["links"]["next"])).json()
        bad = await client.get("/api/v1/complaints", params={"page[after]": "nonsense"})
    assert len(first["data"]) == 2
    assert first["meta"]["has_more"]
    assert not {row["complaint_id"] for row in first["data"]} & {row["complaint_id"] for row in second["data"]}
    assert bad.status_code == 422


async def test_a_form_with_an_address_is_acknowledged(intake: Served) -> None:
    async with intake.client("machine") as client:
        made = await client.post("/api/v1/complaints", json=COMPLAINT, headers=key())

    async def written() -> Any:
        async with intake.runtime.pool.connection() as conn:
            found = await conn.execute(
                "select recipient, subject, body from outgoing where complaint_id = %s", [made.json()["id"]]
            )
            return await found.fetchone()

    recipient, subject, body = await until(written)
    assert recipient == "a@example.org"
    assert made.json()["reference"] in subject
    assert "/complain/track/" in body


async def test_a_family_may_share_an_address(intake: Served) -> None:
    email = f"{secrets.token_hex(8)}@example.org"

    async def are_there(names: set[str]) -> bool:
        async with intake.runtime.pool.connection() as conn:
            found = await conn.execute("select name from contact where email = %s", [email])
            return {row[0] for row in await found.fetchall()} == names

    async def are_greeted(names: set[str]) -> bool:
        async with intake.runtime.pool.connection() as conn:
            found = await conn.execute("select split_part(body, ',', 1) from outgoing where recipient = %s", [email])
            return {row[0].removeprefix("Dear ") for row in await found.fetchall()} == names

    people = []
    async with intake.client("compliance") as client:
        for name in ("Robert Hall", "robert hall", "Margaret Hall"):
            body = {"narrative": "It broke.", "person": {"name": name, "email": email}}
            made = (await client.post("/api/v1/complaints", json=body, headers=key())).json()
            at = f"/api/v1/complaints/{made['id']}"
            people.append((await client.get(at, params={"at_least": made["position"]})).json()["person_id"])
            await until(partial(are_there, {"Robert Hall", name} if name.istitle() else {"Robert Hall"}))
        found = (await client.get(f"/api/v1/people/{people[0]}/erasure")).json()
        page = await client.get(f"/intake/people/{people[0]}", headers={"accept": "text/html"})
    assert people[0] == people[1] != people[2]
    assert (found["complaints"], found["others"]) == (2, [people[2]])
    assert people[2] in page.text
    await until(partial(are_greeted, {"Robert Hall", "Margaret Hall"}))


HEADER = ["Date received", "Product", "Sub-product", "Issue", "Complaint ID"]


def rows(*rows: list[str]) -> dict[str, Any]:
    return {
        "file": secrets.token_hex(32), "name": "test.csv", "header": HEADER, "first": 0,
        "lines": list(range(2, 2 + len(rows))), "rows": list(rows),
    }  # fmt: skip


async def test_rows_sent_again_add_nothing_and_bad_rows_say_why(intake: Served) -> None:
    number = str(secrets.randbelow(10**12))
    body = rows(
        ["2020/3/18", "Mortgage", "", "Fees", number],
        ["9/24/19", "Mortgage", "", "Fees", "not a number"],
        ["2020/3/18", "Mortgage", "", "Fees", number],
        ["2020/13/45", "Mortgage", "", "Fees", "7"],
    )
    async with intake.client("compliance") as client:
        first = (await client.post("/api/v1/complaints/imports/cfpb", json=body)).json()
        second = (await client.post("/api/v1/complaints/imports/cfpb", json=body)).json()
    assert (first["accepted"], first["duplicate"], first["refused"]) == (1, 1, 2)
    assert [r["line"] for r in first["refusals"]] == [3, 5]
    assert (second["accepted"], second["duplicate"], second["refused"], second["known"]) == (0, 0, 0, 4)


async def test_nobody_waits_while_rows_are_read(intake: Served) -> None:
    first = secrets.randbelow(10**9)
    body = rows(*([str(first + n), "é" * 9_500, "2020-03-18"] for n in range(500)))
    body["header"] = ["Complaint ID", "Consumer complaint narrative", "Date received"]
    sent = json.dumps(body, ensure_ascii=False).encode()
    as_json = {"content-type": "application/json"}
    async with intake.client("compliance", **as_json) as client, standstill() as longest:
        began = time.monotonic()
        done = await asyncio.gather(*(client.post("/api/v1/complaints/imports/cfpb", content=sent) for _ in range(3)))
        took = time.monotonic() - began
    assert sum(one.json()["accepted"] for one in done) == 500
    assert longest[0] < took / 4, "others wait while a body is read, and not while its rows are"


async def test_of_wrong_rows_the_first_thing_is_told(intake: Served) -> None:
    body = rows() | {"rows": [[1] * 400] * 1000}
    async with intake.client("compliance") as client:
        refused = await client.post("/api/v1/complaints/imports/cfpb", json=body)
    assert (refused.status_code, len(refused.json()["errors"])) == (422, 1)


async def test_imports_of_one_file_at_once_bring_it_in_once(intake: Served) -> None:
    first = secrets.randbelow(10**9)
    body = rows(*(["2020-03-18", "Mortgage", "", "Fees", str(first + n)] for n in range(200)))
    async with intake.client("compliance") as client:
        done = await asyncio.gather(*(client.post("/api/v1/complaints/imports/cfpb", json=body) for _ in range(4)))
    assert [one.status_code for one in done] == [200] * 4, [one.text for one in done]
    assert sum(one.json()["accepted"] for one in done) == 200
    assert sum(one.json()["known"] for one in done) == 600


async def test_only_some_may_import_and_erase(intake: Served) -> None:
    async with intake.client("handler") as client:
        imported = await client.post("/api/v1/complaints/imports/cfpb", json=rows())
        person = "/api/v1/people/00000000-0000-7000-8000-000000000000/erasure"
        erased = await client.post(person, json={"reason": "asked"})
    assert (imported.status_code, erased.status_code) == (403, 403)


async def test_an_erased_person_is_gone_from_every_view(intake: Served) -> None:
    secret = secrets.token_hex(8)
    body = {"narrative": f"word {secret}", "person": {"name": f"name {secret}", "email": f"{secret}@example.org"}}
    async with intake.client("compliance") as client:
        made = (await client.post("/api/v1/complaints", json=body, headers=key())).json()
        read = (await client.get(f"/api/v1/complaints/{made['id']}", params={"at_least": made["position"]})).json()
        erasure = f"/api/v1/people/{read['person_id']}/erasure"
        body = {"reason": "GDPR Article 17", "override_hold": "a test"}
        erased = await client.post(erasure, json=body)
        assert erased.status_code == 200, erased.text
        gone = await client.get(f"/api/v1/complaints/{made['id']}", params={"at_least": erased.json()["position"]})
        again = await client.post(erasure, json={"reason": "GDPR Article 17"})
    assert gone.json()["narrative"] is None
    assert gone.json()["reference"] == made["reference"]
    assert again.status_code == 409

    async def nowhere() -> bool:
        async with intake.runtime.pool.connection() as conn:
            for table in ("complaints", "contact", "outgoing"):
                found = await conn.execute(f"select count(*) from {table} t where t::text like %s", [f"%{secret}%"])
                if await found.fetchone() != (0,):
                    return False
        return True

    await until(nowhere)


@pytest.mark.skipif(not DATA.exists(), reason=f"the real inputs are not at {DATA}")
async def test_every_published_layout_is_read(intake: Served) -> None:
    paths = sorted((DATA / "cfpb" / "fixtures").glob("*.csv"))
    assert paths
    async with intake.client("compliance") as client:
        for path in paths:
            with path.open(newline="", encoding="utf-8") as file:
                header, *found = list(csv.reader(file))
            body = rows(*found) | {"header": header, "name": path.name}
            done = (await client.post("/api/v1/complaints/imports/cfpb", json=body)).json()
            assert done["accepted"] + done["duplicate"] == len(found), (path, done["refusals"])


async def test_the_ledger_names_a_complaint_by_its_reference(intake: Served) -> None:
    async with intake.client("machine") as client:
        made = (await client.post("/api/v1/complaints", json=COMPLAINT, headers=key())).json()
    async with intake.client("handler", accept="text/html") as client:

        async def linked() -> bool:
            return f'<a href="/cases/{made["id"]}">{made["reference"]}</a>' in (await client.get("/intake")).text

        assert await until(linked)
