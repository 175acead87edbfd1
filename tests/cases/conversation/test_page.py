"""A handler answers from the case page, takes a reply back, and logs a call; the customer's message marks the case."""

import httpx

from shared.events import Provenance
from shared.events.cases import ReplyReleased
from shared.events.complaints import MessageReceived
from shared.events.sealed import Sealed
from tests.cases.conftest import Receive
from tests.forms import send
from tests.scenarios.cases import AT, person_id
from tests.serving import Served, until


async def released(cases: Served, case_id: object) -> int:
    async with cases.runtime.pool.connection() as conn:
        found = await conn.execute(
            "select count(*) from cases_events where originator_id = %s and topic like %s",
            [case_id, f"{ReplyReleased.type}%"],
        )
        return int((await found.fetchone() or [0])[0])


async def test_a_reply_is_sent_unless_it_is_taken_back(
    cases: Served, handler: httpx.AsyncClient, receive: Receive
) -> None:
    case_id = await receive()
    at = f"/cases/{case_id}"
    assert (await send(handler, f"{at}/replies", subject="Refund", body="")).status_code == 422
    assert (await send(handler, f"{at}/replies", subject="Refund", body="On Monday.")).status_code == 303
    shown = (await handler.get(at)).text
    assert ("On Monday." in shown, "Being sent" in shown) == (True, True)
    assert (await send(handler, f"{at}/replies/withdrawal")).status_code == 303
    shown = (await handler.get(at)).text
    assert shown.count("On Monday.") == 2, "in the timeline, and in the composer again"
    assert (await send(handler, f"{at}/replies", subject="Refund", body="On Tuesday.")).status_code == 303

    async def sent() -> bool:
        return await released(cases, case_id) > 0

    await until(sent)
    assert await released(cases, case_id) == 1
    assert (await send(handler, f"{at}/replies/withdrawal")).status_code == 409


async def test_a_call_is_logged_with_what_was_agreed(handler: httpx.AsyncClient, receive: Receive) -> None:
    at = f"/cases/{await receive()}"
    call = {
        "channel": "phone",
        "direction": "out",
        "happened_at": "2026-03-14T10:00",
        "summary": "Angry.",
        "agreed": "A letter.",
    }
    assert (await send(handler, f"{at}/contacts", **call)).status_code == 303
    shown = (await handler.get(at)).text
    assert all(text in shown for text in ("Contact logged: phone", "Angry.", "A letter."))
    refused = await send(handler, f"{at}/contacts", **(call | {"happened_at": "2999-01-01T10:00"}))
    assert (refused.status_code, "Enter a date and time in the past." in refused.text) == (422, True)


async def test_a_message_of_the_customer_marks_the_case_and_ends_the_wait_for_them(
    cases: Served, neighbour: Served, handler: httpx.AsyncClient, receive: Receive
) -> None:
    case_id = await receive()
    at = f"/cases/{case_id}"
    assert (await send(handler, f"{at}/pause", waiting_for="customer")).status_code == 303
    assert "Waiting for the customer" in (await handler.get(at)).text
    number = case_id.int & 0xFFFFFFFF
    message = MessageReceived(
        **Provenance("customer", AT).stamp(person_id(number), 1) | {"originator_id": case_id.__class__(int=number)},
        complaint_id=case_id, person_id=person_id(number), channel="web", body=Sealed(person_id(number), "Here it is."),
    )  # fmt: skip
    await neighbour.runtime.commits.save([message])

    async def resumed() -> bool:
        return "Work resumed" in (await handler.get(at)).text

    await until(resumed)
    shown = (await handler.get(at)).text
    assert ("Here it is." in shown, "The customer has written" in shown) == (True, True)
    assert str(case_id) in (await handler.get("/cases?view=replies")).text
    assert (
        await send(handler, f"{at}/contacts", channel="phone", direction="out", summary="Thanked.")
    ).status_code == 303
    assert str(case_id) not in (await handler.get("/cases?view=replies")).text
