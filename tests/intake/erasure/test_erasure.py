"""A person is forgotten at once, or when nothing requires their data any more; both are on record."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.intake.app import build
from services.intake.complaint.view import complaint_list
from services.intake.erasure.view import erasures
from services.intake.person import state as person
from services.intake.person.state import Hold
from shared.events import Event, Provenance
from shared.events.cases import AspectClassified, AspectRaised
from shared.events.complaints import ComplaintReceived
from shared.events.people import ErasureDeferred, PersonErased, PersonHeld, PersonHoldLifted
from shared.security.permissions import STAFF
from tests.clock import MovableClock
from tests.feeding import Feeder
from tests.serving import Served, publish, serve, serve_neighbour, settings, until

BY = Provenance("test", datetime(2026, 3, 14, tzinfo=UTC))
PERSON = UUID(int=1)
LAW, FIRM = Hold("law", date(2029, 1, 1), may_be_overridden=False), Hold("firm", date(2028, 1, 1), True)


def folded(*events: Event) -> person.Person:
    state = person.Person(PERSON, 0)
    for event in events:
        state = person.evolve(state, event)
    return state


def test_held_by_a_rule_it_is_deferred_once() -> None:
    (deferred,) = person.erase(folded(), "asked", BY, retention=[LAW, FIRM])
    assert isinstance(deferred, ErasureDeferred)
    assert (deferred.until, deferred.holds) == (date(2029, 1, 1), ["law", "firm"])
    assert person.erase(folded(deferred), "asked", BY, retention=[LAW]) == []
    later = Provenance("test", datetime(2029, 1, 1, tzinfo=UTC))
    assert isinstance(person.erase(folded(deferred), "asked", later, retention=[LAW, FIRM])[0], PersonErased)


def test_a_hold_is_set_replaced_and_lifted() -> None:
    (first,) = person.hold(folded(), date(2030, 1, 1), "court order", BY)
    (second,) = person.hold(folded(first), date(2027, 1, 1), "court order", BY)
    assert isinstance(second, PersonHeld)
    (deferred,) = person.erase(folded(first, second), "asked", BY)
    assert isinstance(deferred, ErasureDeferred)
    assert (deferred.until, deferred.holds) == (date(2027, 1, 1), ["hold"])
    (lifted,) = person.lift(folded(first, second), "settled", BY)
    assert isinstance(lifted, PersonHoldLifted)
    assert isinstance(person.erase(folded(first, second, lifted), "asked", BY)[0], PersonErased)


def test_another_hold_or_none_defers_what_was_asked_for_anew() -> None:
    (held,) = person.hold(folded(), date(2040, 1, 1), "court order", BY)
    (deferred,) = person.erase(folded(held), "asked", BY, retention=[LAW])
    for (changed,) in (
        person.lift(folded(held, deferred), "settled", BY),
        person.hold(folded(held, deferred), date(2027, 1, 1), "court order", BY),
    ):
        state = folded(held, deferred, changed)
        assert state.deferred_until == BY.at.date()
        (again,) = person.erase(state, "asked", BY, retention=[LAW])
        assert isinstance(again, ErasureDeferred)
        assert again.until == LAW.until


def test_what_the_law_lets_nobody_set_aside_stays() -> None:
    with pytest.raises(person.HoldNotOverridable):
        person.erase(folded(), "asked", BY, retention=[LAW, FIRM], override="because")
    (erased,) = person.erase(folded(), "asked", BY, retention=[FIRM], override="not a complaint at all")
    assert isinstance(erased, PersonErased)
    assert (erased.override, erased.overridden) == ("not a complaint at all", ["firm"])


def test_what_makes_no_sense_is_refused() -> None:
    (erased,) = person.erase(folded(), "asked", BY)
    refusals: dict[type[Exception], Callable[[], object]] = {
        person.NothingToOverride: lambda: person.erase(folded(), "asked", BY, override="because"),
        person.NoHold: lambda: person.lift(folded(), "settled", BY),
        person.HoldIsPast: lambda: person.hold(folded(), date(2026, 3, 14), "late", BY),
        person.PersonAlreadyErased: lambda: person.hold(folded(erased), date(2030, 1, 1), "late", BY),
    }
    for broken, decide in refusals.items():
        with pytest.raises(broken):
            decide()


async def complain(client: httpx.AsyncClient, **more: Any) -> str:
    """Answers who complains."""
    return (await complained(client, **more))[1]


async def complained(client: httpx.AsyncClient, **more: Any) -> tuple[UUID, str]:
    """Answers the complaint, and who complains."""
    body = {"narrative": "It broke.", "person": {"name": "N"}, **more}
    made = await client.post("/api/v1/complaints", json=body, headers={"Idempotency-Key": secrets.token_hex(8)})
    assert made.status_code == 201, made.text

    async def found() -> str | None:
        answer = await client.get(f"/api/v1/complaints/{made.json()['id']}")
        return str(answer.json()["person_id"]) if answer.status_code == 200 else None

    return UUID(made.json()["id"]), str(await until(found))


async def test_the_rule_of_the_file_defers_and_compliance_may_set_it_aside(intake: Served) -> None:
    async with intake.client("compliance") as client:
        at = f"/api/v1/people/{await complain(client)}/erasure"
        found = (await client.get(at)).json()
        assert (found["state"], found["complaints"], [h["name"] for h in found["holds"]]) == (
            "known",
            1,
            ["DISP 1.9.1R"],
        )
        deferred = await client.post(at, json={"reason": "GDPR Article 17"})
        assert deferred.status_code == 202
        assert deferred.json()["until"] == found["until"] >= str(datetime.now(UTC).date() + timedelta(days=3 * 365))
        assert (await client.get(at)).json()["state"] == "deferred"
        async with intake.client("admin") as admin:
            refused = await admin.post(at, json={"reason": "asked", "override_hold": "because"})
            assert refused.status_code == 403
        done = await client.post(at, json={"reason": "GDPR Article 17", "override_hold": "wrong person"})
        assert (done.status_code, done.json()["state"]) == (200, "erased")
        assert (await client.get(at)).json()["state"] == "erased"


async def test_the_law_that_cannot_be_set_aside_answers_409(intake: Served) -> None:
    async with intake.client("compliance") as client:
        at = f"/api/v1/people/{await complain(client, product='Investment service')}/erasure"
        refused = await client.post(at, json={"reason": "asked", "override_hold": "because"})
    assert refused.status_code == 409
    assert refused.json()["title"] == "Hold not overridable"


def at_its_case(complaint: UUID, *products: str | None) -> list[Event]:
    """Its aspect as it was raised, and as staff classified it since."""
    stamps = [BY.stamp(complaint, number) for number in range(1, len(products) + 1)]
    about = [{"aspect_id": uuid4(), "product": product} for product in products]
    raised = AspectRaised(**stamps[0], **about[0], primary=True)
    return [raised, *[AspectClassified(**stamp, **one) for stamp, one in zip(stamps[1:], about[1:], strict=True)]]


async def test_a_complaint_keeps_every_product_that_it_was_given(postgres: Callable[[str], str]) -> None:
    """Topics are read in any order: what the case says may come first."""
    received = ComplaintReceived(
        **BY.stamp(UUID(int=1), 1), reference="R", channel="web", person_id=PERSON, product="Credit card"
    )
    given = at_its_case(UUID(int=1), "Credit card", "Investment service", None, "Loan")
    for events in ([received, *given], [*given, received]):
        rows = (await Feeder(postgres("intake")).feed(complaint_list, *events))["complaints"]
        assert rows[UUID(int=1)]["products"] == ["Credit card", "Investment service", "Loan"]
        assert (rows[UUID(int=1)]["product"], rows[UUID(int=1)]["reference"]) == ("Credit card", "R")


async def sent_by_cases(intake: Served, postgres: Callable[[str], str], events: Sequence[Event]) -> None:
    async with serve_neighbour("cases", intake.runtime.settings.cluster, postgres("cases")) as cases:
        await publish(cases, events)


async def test_what_staff_classified_as_counts_as_soon_as_kafka_has_it(
    intake: Served, postgres: Callable[[str], str]
) -> None:
    """No view moves while somebody holds it: whoever asks then waits for it, and is not erased meanwhile."""
    async with intake.client("compliance") as client:
        complaint, person_id = await complained(client, product="Credit card")
        at, body = f"/api/v1/people/{person_id}/erasure", {"reason": "asked", "override_hold": "because"}
        assert [hold["name"] for hold in (await client.get(at)).json()["holds"]] == ["DISP 1.9.1R"]
        async with intake.runtime.pool.connection() as conn, conn.transaction():
            await conn.execute("select from views where name = 'complaints' for update")
            await sent_by_cases(intake, postgres, at_its_case(complaint, "Credit card", "Investment service"))
            asking = asyncio.create_task(client.post(at, json=body))
            await asyncio.wait([asking], timeout=2)
        refused = await asking
        assert (refused.status_code, refused.json()["title"]) == (409, "Hold not overridable")
        held = [hold["name"] for hold in (await client.get(at)).json()["holds"]]
        assert held == ["DISP 1.9.1R", "MiFID Org Regulation Article 72"]


async def test_nobody_is_erased_by_a_view_of_an_earlier_release(kafka: str, postgres: Callable[[str], str]) -> None:
    """It lacks what decides, and is rebuilt beside: until then the answer is to come back."""
    given = await settings(kafka, postgres("intake"))
    async with serve(build, given) as intake, intake.client("compliance") as client:
        at = f"/api/v1/people/{await complain(client)}/erasure"
        assert (await client.get(at)).status_code == 200
        # A consumer that met a view of another version would end, as it should.
        await asyncio.gather(*(consumer.stop() for consumer in intake.runtime.bus.consumers))
        async with intake.runtime.pool.connection() as conn:
            await conn.execute("update views set version = version - 1 where name = 'complaints'")
            assert (await client.get(at)).status_code == 503
            await conn.execute("update views set version = version + 1 where name = 'complaints'")
        assert (await client.get(at)).status_code == 200


async def test_what_was_received_long_ago_and_demonstration_data_are_erased_at_once(intake: Served) -> None:
    async with intake.client("compliance") as client, intake.client("demo") as demo:
        for sender, more in ((client, {"received_at": "2015-03-14T09:30:00Z"}), (demo, {"invented": True})):
            at = f"/api/v1/people/{await complain(sender, **more)}"
            held = await client.put(f"{at}/hold", json={"reason": "court order", "until": "2999-01-01"})
            assert held.status_code == 200, held.text
            assert (await client.post(f"{at}/erasure", json={"reason": "asked"})).status_code == 202
            assert (await client.post(f"{at}/hold/lifting", json={"reason": "settled"})).status_code == 200
            await until(partial(erased, client, at), 60)


async def erased(client: httpx.AsyncClient, at: str) -> bool:
    return bool((await client.get(f"{at}/erasure")).json()["state"] == "erased")


@pytest.mark.parametrize("role", [*sorted(STAFF), "machine"])
async def test_only_the_demo_says_that_a_complaint_is_invented(intake: Served, role: str) -> None:
    body = {"narrative": "It broke.", "invented": True}
    async with intake.client(role) as client:
        made = await client.post("/api/v1/complaints", json=body, headers={"Idempotency-Key": secrets.token_hex(8)})
    assert (made.status_code, made.headers["content-type"]) == (403, "application/problem+json")
    assert "Leave out `invented`." in made.json()["detail"]


async def test_who_may_not_import_says_of_nothing_that_it_was(intake: Served) -> None:
    """Nobody is written to about it."""
    body = {"narrative": "It broke.", "channel": "import"}
    statuses = {}
    for role in ("handler", "machine"):
        async with intake.client(role) as client:
            headers = {"Idempotency-Key": secrets.token_hex(8)}
            statuses[role] = (await client.post("/api/v1/complaints", json=body, headers=headers)).status_code
    assert statuses == {"handler": 403, "machine": 201}


@pytest.mark.parametrize("role", ["admin", "leader", "handler", "auditor"])
async def test_only_compliance_holds(intake: Served, role: str) -> None:
    async with intake.client(role) as client:
        answer = await client.put(f"/api/v1/people/{uuid4()}/hold", json={"reason": "r", "until": "2999-01-01"})
    assert answer.status_code == 403


async def test_a_deferred_erasure_is_done_when_its_day_has_come(kafka: str, postgres: Callable[[str], str]) -> None:
    clock, given = MovableClock(), await settings(kafka, postgres("intake"))
    async with serve(build, given, clock) as intake, intake.client("compliance") as client:
        at = f"/api/v1/people/{await complain(client)}/erasure"
        day = date.fromisoformat((await client.post(at, json={"reason": "asked"})).json()["until"])

        async def erased() -> bool:
            return bool((await client.get(at)).json()["state"] == "erased")

        clock.move(day - clock.now().date() - timedelta(days=1))
        await asyncio.sleep(2)
        assert not await erased(), "a day too early"
        clock.move(timedelta(days=1))
        await until(erased, 60)


@pytest.mark.parametrize("asked", [True, False])
async def test_the_end_of_a_hold_releases_the_erasure_that_waits_for_it(intake: Served, *, asked: bool) -> None:
    """And none that nobody has asked for."""
    async with intake.client("compliance") as client:
        person_id = await complain(client, received_at="2015-03-14T09:30:00Z")
        at = f"/api/v1/people/{person_id}"
        await client.put(f"{at}/hold", json={"reason": "court order", "until": "2999-01-01"})
        if asked:
            assert (await client.post(f"{at}/erasure", json={"reason": "asked"})).json()["until"] == "2999-01-01"
        lifted = await client.post(f"{at}/hold/lifting", json={"reason": "settled"})
        assert lifted.status_code == 200, lifted.text
        await intake.runtime.positions.wait(erasures, lifted.json()["position"], 60)
        if asked:
            await until(partial(erased, client, at), 60)
        else:
            await asyncio.sleep(2)
            assert (await client.get(f"{at}/erasure")).json()["state"] == "known"
