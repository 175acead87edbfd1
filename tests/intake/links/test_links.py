"""A customer's link opens their complaint until it is old or stopped; a new one goes to the address that we know."""

import re
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.intake.complaint.links import make, sign
from tests.clock import MovableClock
from tests.serving import Served, until

NOWHERE = "/complain/track/nothing"


async def complain(intake: Served, email: str | None = None) -> tuple[UUID, str]:
    """The id and the reference of a new complaint."""
    person = {"name": "A. Customer"} | ({"email": email} if email else {})
    async with intake.client("machine") as client:
        body = {"narrative": "My card was charged twice.", "person": person}
        headers = {"Idempotency-Key": secrets.token_hex(8)}
        made = (await client.post("/api/v1/complaints", json=body, headers=headers)).json()
        await client.get(f"/api/v1/complaints/{made['id']}", params={"at_least": made["position"]})
    return UUID(made["id"]), made["reference"]


async def mails(intake: Served, complaint_id: UUID) -> list[str]:
    """The bodies of what was written about the complaint, but for the acknowledgement."""
    async with intake.runtime.pool.connection() as conn:
        query = "select body from outgoing where complaint_id = %s and purpose = 'reply' order by written_at"
        return [row[0] for row in await (await conn.execute(query, [complaint_id])).fetchall()]


async def mailed(intake: Served, complaint_id: UUID, count: int) -> list[str]:
    async def written() -> Any:
        found = await mails(intake, complaint_id)
        return found if len(found) == count else None

    found: list[str] = await until(written, 60)
    return found


def csrf(page: str) -> dict[str, str]:
    found = re.search(r'name="csrf" value="(\w+)"', page)
    assert found
    return {"csrf": found[1]}


def path_in(mail: str) -> str:
    found = re.search(r"/complain/track/\S+", mail)
    assert found
    return found[0]


async def test_a_customer_stops_their_link_and_is_sent_a_new_one(intake: Served) -> None:
    complaint_id, reference = await complain(intake, f"{secrets.token_hex(8)}@example.org")
    path = f"/complain/track/{sign(intake.runtime.signer, complaint_id)}"
    async with intake.client() as client:
        shown = await client.get(path)
        assert reference in shown.text
        assert shown.headers["referrer-policy"] == "same-origin"
        assert shown.headers["cache-control"] == "no-store"
        assert (await client.post(f"{path}/revocation", data={})).status_code == 403
        assert (await client.post(f"{path}/revocation", data=csrf(shown.text))).status_code == 303
        stopped = await client.get(path)
        assert stopped.status_code == 410
        assert "was turned off" in stopped.text
        assert reference not in stopped.text
        assert (await client.post(f"{path}/revocation", data=csrf(stopped.text))).status_code == 410
        for _ in range(2):  # and at most one mail a day
            asked = await client.post(f"{path}/renewal", data=csrf(stopped.text), follow_redirects=True)
            assert "If we have an email address" in asked.text
        (mail,) = await mailed(intake, complaint_id, 1)
        assert (await client.get(path_in(mail))).status_code == 200
        assert (await client.get(path)).status_code == 410


async def test_staff_stop_a_link_and_a_new_one_is_sent_at_once(intake: Served) -> None:
    complaint_id, _ = await complain(intake, f"{secrets.token_hex(8)}@example.org")
    first = f"/complain/track/{sign(intake.runtime.signer, complaint_id)}"
    async with intake.client("auditor") as client:
        assert (await client.post(f"/api/v1/complaints/{complaint_id}/link/revocation")).status_code == 403
    async with intake.client("handler") as client:
        assert (await client.get(first)).status_code == 200
        answer = await client.post(f"/api/v1/complaints/{complaint_id}/link/revocation", params={"send": True})
        assert answer.status_code == 204
        nothing = await client.post(f"/api/v1/complaints/{UUID(int=9)}/link/revocation")
        assert nothing.status_code == 404
        (mail,) = await mailed(intake, complaint_id, 1)
        assert (await client.get(first)).status_code == 410
        second = path_in(mail)
        assert (await client.get(second)).status_code == 200
        form = csrf((await client.get("/signin")).text)
        again = await client.post(f"/intake/links/{complaint_id}", data=form | {"send": "yes"})
        assert (again.status_code, again.headers["location"]) == (303, f"/cases/{complaint_id}")
        assert (await client.get(second)).status_code == 410
        third = path_in((await mailed(intake, complaint_id, 2))[-1])
        assert (await client.get(third)).status_code == 200


async def test_an_old_link_says_so_and_offers_a_new_one(intake: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    complaint_id, reference = await complain(intake)
    path = f"/complain/track/{sign(intake.runtime.signer, complaint_id)}"
    clock = MovableClock()
    clock.move(timedelta(days=181))
    monkeypatch.setattr(intake.runtime, "clock", clock)
    async with intake.client() as client:
        shown = await client.get(path)
    assert shown.status_code == 410
    assert "has expired" in shown.text
    assert "Send me a new link" in shown.text
    assert reference not in shown.text


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, ["reference", "email"]), ({"reference": "R7K2-M9QX", "email": " "}, ["email"]),
        ({"reference": "R7K2-M9Q", "email": "ada@example.org"}, ["reference"]),
        ({"reference": "R7K2-M9QX", "email": "a\0b"}, ["email"]),
    ],
)  # fmt: skip
async def test_what_can_find_nothing_is_told_and_kept(intake: Served, given: dict[str, str], wrong: list[str]) -> None:
    async with intake.client() as client:
        form = csrf((await client.get("/complain/link")).text)
        answer = await client.post("/complain/link", data=form | given)
    assert answer.status_code == 422
    assert re.findall(r'href="#f-(\w+)"', answer.text) == wrong
    assert all(f'value="{value}"' in answer.text for value in given.values())


async def test_whether_we_know_somebody_is_not_told(intake: Served) -> None:
    email = f"{secrets.token_hex(8)}@example.org"
    complaint_id, reference = await complain(intake, email)
    silent, _ = await complain(intake)  # without an address
    answers = []
    async with intake.client() as client:
        form = csrf((await client.get("/complain/link")).text)
        for given in (
            {"reference": "AAAA-BBBB", "email": email}, {"reference": reference, "email": "other@example.org"},
            {"reference": f" {reference.lower().replace('-', '')} ", "email": email.upper()},
        ):  # fmt: skip
            answer = await client.post("/complain/link", data=form | given)
            answers.append((answer.status_code, answer.headers["location"], answer.content))
        for path in (f"/complain/track/{sign(intake.runtime.signer, silent)}", NOWHERE):
            answer = await client.post(f"{path}/renewal", data=form)
            answers.append((answer.status_code, answer.headers["location"], answer.content))
    assert len(set(answers)) == 1
    assert len(await mailed(intake, complaint_id, 1)) == 1
    assert await mails(intake, silent) == []


async def test_a_link_that_is_not_ours_opens_nothing(intake: Served) -> None:
    complaint_id, _ = await complain(intake)
    signer = intake.runtime.signer
    forged = sign(signer, complaint_id)[:-3] + "abc"
    survey = signer.sign("survey", str(complaint_id))
    async with intake.client() as client:
        for signed in (forged, survey, "nothing"):
            assert (await client.get(f"/complain/track/{signed}")).status_code == 404
    assert make(signer, "https://here", complaint_id, 3).startswith("https://here/complain/track/")
