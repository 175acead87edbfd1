"""Work through the pages as a browser without a script would: forms, undo, roles."""

import re
from uuid import UUID, uuid4

import httpx
import pytest

from shared.security.permissions import STAFF, Who, may
from tests.cases.conftest import Receive
from tests.forms import notice, primary, send
from tests.serving import Served, until


async def test_a_handler_works_a_case_to_its_end(handler: httpx.AsyncClient, receive: Receive) -> None:
    case_id = await receive(name="Amal Haddad")
    at = f"/cases/{case_id}"
    new = (await handler.get(at)).text
    assert "Amal Haddad" in new
    assert "My card was charged twice" in new
    assert "DISP 1.6.2R" in new
    assert new.count("button-primary") == 1, "one filled button: the next thing to do"

    taken = await send(handler, f"{at}/aspects/{primary(case_id)}/assignment", handler="handler@example.org")
    assert (taken.status_code, taken.headers["location"]) == (303, at)
    assert notice(taken)["fields"].items() >= {"handler": "", "version": "3"}.items()
    assert "handler@example.org" in (await handler.get(at)).text

    raised = await send(
        handler, f"{at}/aspects", form_name="aspects", product="Loan", issue="Fees", summary="Also the loan."
    )
    assert raised.status_code == 303
    shown = (await handler.get(at)).text
    assert "Loan: Fees" in shown
    assert "Also the loan." in shown
    second = re.search(rf"{at}/aspects/([0-9a-f-]{{36}})/assignment", shown.replace(str(primary(case_id)), ""))
    assert second

    refused = await send(handler, f"{at}/closing")
    assert refused.status_code == 409
    assert "Still open: Credit card: Charged twice; Loan: Fees." in refused.text
    assert 'id="f-closing-closing"' in refused.text

    decided = await send(
        handler, f"{at}/aspects/{primary(case_id)}/resolution", form_name="resolution-1", outcome="upheld",
        root_cause="system-error", redress="refund", amount="25.00", currency="gbp",
        explanation="Twice.",
    )  # fmt: skip
    assert decided.status_code == 303, decided.text
    decided = await send(
        handler, f"{at}/aspects/{second[1]}/resolution", form_name="resolution-2", outcome="not-upheld",
        redress="none", explanation="No fault.",
    )  # fmt: skip
    assert decided.status_code == 303, decided.text
    shown = (await handler.get(at)).text
    assert "Refund £25.00" in shown
    assert "System error" in shown
    assert re.search(r'button-primary" type="submit" id="f-closing-closing"', shown)

    closed = await send(handler, f"{at}/closing")
    assert (closed.status_code, notice(closed)["undo"]) == (303, f"{at}/closing/undo")
    shown = (await handler.get(at)).text
    assert "Reopen case" in shown
    assert "/resolution" not in shown
    undone = await send(handler, notice(closed)["undo"], **notice(closed)["fields"])
    assert undone.status_code == 303
    shown = (await handler.get(at)).text
    assert "Closed by mistake" in shown
    assert "Needs a new decision" not in shown, "what was decided stands"


async def test_a_reopened_case_is_decided_anew_before_it_closes(handler: httpx.AsyncClient, receive: Receive) -> None:
    case_id = await receive()
    at = f"/cases/{case_id}"
    part = f"{at}/aspects/{primary(case_id)}"
    await send(handler, f"{part}/assignment", handler="handler@example.org")
    await send(handler, f"{part}/resolution", form_name="resolution-1", outcome="not-upheld", explanation="No fault.")
    await send(handler, f"{at}/closing")
    reopened = await send(handler, f"{at}/reopening", reason="Disputed")
    assert notice(reopened)["undo"] == "", "it would be refused: the case is to be decided first"
    shown = (await handler.get(at)).text
    assert "Needs a new decision" in shown
    assert "<dt>Earlier decision</dt><dd>Not upheld</dd>" in shown
    assert "No fault." in shown
    assert '<summary class="button button-primary">Decide again</summary>' in shown
    assert re.search(r'button-quiet" type="submit" id="f-closing-closing"', shown)
    refused = await send(handler, f"{at}/closing")
    assert (refused.status_code, "Still open: Credit card: Charged twice." in refused.text) == (409, True)
    await send(handler, f"{part}/resolution", form_name="resolution-1", outcome="withdrawn")
    shown = (await handler.get(at)).text
    assert "<dt>Decision</dt><dd>Withdrawn</dd>" in shown
    assert re.search(r'button-primary" type="submit" id="f-closing-closing"', shown)
    assert "data-dialog" not in shown, "the customer was told when it was first closed, and is not told again"
    assert (await send(handler, f"{at}/closing")).status_code == 303


async def test_a_decision_is_corrected_on_the_page(handler: httpx.AsyncClient, receive: Receive) -> None:
    case_id = await receive()
    at = f"/cases/{case_id}"
    part = f"{at}/aspects/{primary(case_id)}"
    assert "Correct the decision" not in (await handler.get(at)).text
    await send(
        handler, f"{part}/resolution", form_name="resolution-1", outcome="upheld", root_cause="delay",
        redress="refund", amount="25.00", currency="GBP", explanation="We were <slow>.",
    )  # fmt: skip
    shown = (await handler.get(at)).text
    form = shown[shown.index('id="correction-1"') : shown.index("Correct decision</button>")]
    assert re.search(r'value="upheld" checked', form)
    assert re.search(r'name="amount"[^>]* value="25.00"', form)
    for chosen in ('<option value="refund" selected>', '<option value="GBP" selected>', "We were &lt;slow&gt;."):
        assert chosen in form
    assert form.count('<option value="">–</option>') == 2, "currency and root cause can be taken out again"

    typed = {"form_name": "correction-1", "outcome": "not-upheld", "redress": "none", "reason": "Wrong customer"}
    refused = await send(handler, f"{part}/correction", **typed)
    assert (refused.status_code, 'href="#f-correction-1-explanation"' in refused.text) == (422, True)
    assert "Enter the reason for this decision. This outcome needs one." in refused.text
    typed["explanation"] = "We did as agreed."
    corrected = await send(handler, f"{part}/correction", **typed)
    assert (corrected.status_code, notice(corrected)["text"]) == (303, "Decision corrected")
    shown = (await handler.get(at)).text
    assert "<dt>Decision</dt><dd>Not upheld</dd>" in shown
    assert "Credit card: Charged twice decision corrected: not upheld (Wrong customer)" in shown
    await send(handler, f"{at}/closing")
    closed = await send(handler, f"{part}/correction", **typed)
    assert (closed.status_code, "This case is closed. Reopen it first" in closed.text) == (409, True)
    assert "Correct the decision" not in (await handler.get(at)).text


async def test_a_case_says_what_would_put_it_right_and_which_post_it_was(
    handler: httpx.AsyncClient, receive: Receive
) -> None:
    mention = uuid4()
    case_id = await receive(channel="social", mention_id=mention, wanted="A new <card>")

    async def shown() -> str | None:
        text = (await handler.get(f"/cases/{case_id}")).text
        return text if "A new &lt;card&gt;" in text else None

    assert f'href="/social/{mention}"' in await until(shown)


@pytest.mark.parametrize("role", sorted(STAFF))
async def test_the_audit_trail_is_offered_to_those_whom_it_opens(cases: Served, receive: Receive, role: str) -> None:
    case_id = await receive()
    async with cases.client(role, accept="text/html") as client:
        shown = (await client.get(f"/cases/{case_id}")).text
        refused = (await client.get("/cases/nonsense")).text
    opens = may(Who(role, role, role), "audit.read")
    assert (f'href="/audit/{case_id}"' in shown) == opens
    assert ('href="/audit"' in shown) == ('href="/audit"' in refused) == opens
    assert ("Go to Audit" in shown) == opens


@pytest.mark.parametrize(
    ("actor", "said"),
    [
        ("ines@example.org", "<strong>ines@example.org</strong> Complaint"),
        ("token:25293531", "<strong>token:25293531</strong> Complaint"),
        ("customer", "<strong>Amal Haddad</strong> Complaint"),
    ],
)
async def test_a_case_says_who_took_the_complaint_and_how(
    handler: httpx.AsyncClient, receive: Receive, actor: str, said: str
) -> None:
    taken = await receive(channel="phone", actor=actor)

    async def shown() -> str | None:
        text = (await handler.get(f"/cases/{taken}")).text
        return text if "My card was charged twice" in text else None

    assert said in await until(shown)


@pytest.mark.parametrize("email", [True, False])
async def test_a_case_says_how_to_answer_only_where_there_is_an_address(
    handler: httpx.AsyncClient, receive: Receive, email: bool
) -> None:
    shown = (await handler.get(f"/cases/{await receive(email=email)}")).text
    assert ("<dt>Preferred contact</dt><dd>Email</dd>" in shown) == email


async def test_a_note_is_added_once_however_often_it_is_sent(handler: httpx.AsyncClient, receive: Receive) -> None:
    case_id = await receive()
    for _ in range(2):
        sent = await send(handler, f"/cases/{case_id}/notes", key="abc", text="Called <b>the</b> customer.\r\nTwice.")
        assert sent.status_code == 303
    shown = (await handler.get(f"/cases/{case_id}")).text
    assert shown.count("Called &lt;b&gt;the&lt;/b&gt; customer.") == 1
    empty = await send(handler, f"/cases/{case_id}/notes", text="  ")
    assert empty.status_code == 422
    assert "Enter a note" in empty.text
    odd = await send(handler, f"/cases/{case_id}/notes", text="a\0b")
    assert odd.status_code == 422


async def test_a_very_long_case_says_that_something_is_left_out(
    handler: httpx.AsyncClient, receive: Receive, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = await receive()
    for text in ("The first note", "The second note"):
        await send(handler, f"/cases/{case_id}/notes", text=text)
    assert "Showing the complaint and the latest" not in (await handler.get(f"/cases/{case_id}")).text
    monkeypatch.setattr("services.cases.case_page.timeline.MOST", 2)
    shown = (await handler.get(f"/cases/{case_id}")).text
    assert "Showing the complaint and the latest 1 entries." in shown
    assert "My card was charged twice" in shown
    assert ("The first note" in shown, "The second note" in shown) == (False, True)


async def test_an_aspect_is_added_once_however_often_it_is_sent(handler: httpx.AsyncClient, receive: Receive) -> None:
    at = f"/cases/{await receive()}"
    form = (await handler.get(at)).text.partition(f'action="{at}/aspects"')[2]
    key = re.search(r'name="key" value="([^"]+)"', form)
    assert key
    for _ in range(2):
        sent = await send(handler, f"{at}/aspects", form_name="aspects", key=key[1], product="Loan", issue="Fees")
        assert sent.status_code == 303
    assert (await handler.get(at)).text.count("<h3>Loan: Fees</h3>") == 1
    empty = await send(handler, f"{at}/aspects", form_name="aspects", key=key[1], product=" ", summary="")
    assert empty.status_code == 422
    assert '<a href="#f-aspects-product">Enter the product, what went wrong, or a summary.' in empty.text


async def test_an_assignment_can_be_taken_back(handler: httpx.AsyncClient, receive: Receive) -> None:
    case_id = await receive()
    at = f"/cases/{case_id}/aspects/{primary(case_id)}/assignment"
    taken = await send(handler, at, form_name="assignment-1", handler="tom@example.org")
    assert notice(taken)["fields"].items() >= {"handler": "", "version": "3"}.items()
    assert "tom@example.org" in (await handler.get(f"/cases/{case_id}")).text
    undone = await send(handler, notice(taken)["undo"], **notice(taken)["fields"])
    assert undone.status_code == 303
    shown = (await handler.get(f"/cases/{case_id}")).text
    assert "Credit card: Charged twice unassigned" in shown
    assert "Assign to me" in shown


async def test_an_owner_is_found_however_the_account_is_typed(handler: httpx.AsyncClient, receive: Receive) -> None:
    case_id = await receive()
    at = f"/cases/{case_id}/aspects/{primary(case_id)}/assignment"
    await send(handler, at, form_name="assignment-1", handler=" Handler@Example.org ")
    assert f'href="/cases/{case_id}"' in (await handler.get("/cases?view=mine")).text
    await send(handler, at, form_name="assignment-1", handler="Tom@Example.org")
    assert f'href="/cases/{case_id}"' in (await handler.get("/cases?owner=TOM@example.org")).text


async def test_the_priority_can_be_set_and_set_back(handler: httpx.AsyncClient, receive: Receive) -> None:
    case_id = await receive()
    done = await send(handler, f"/cases/{case_id}/priority", priority="urgent")
    said = notice(done)
    assert (said["text"], said["undo"]) == ("Priority changed", f"/cases/{case_id}/priority")
    assert said["fields"].items() >= {"priority": "normal", "version": "3"}.items()
    assert "priority-urgent" in (await handler.get(f"/cases/{case_id}")).text


async def test_who_reads_sees_no_form_and_who_is_a_stranger_signs_in(cases: Served, receive: Receive) -> None:
    case_id = await receive()
    async with cases.client("auditor", accept="text/html") as auditor:
        shown = await auditor.get(f"/cases/{case_id}")
        assert shown.status_code == 200
        assert f'action="/cases/{case_id}' not in shown.text
        assert "View only. Ask an administrator for access." in shown.text
        assert "data-bulk" not in (await auditor.get("/cases")).text
        assert (await send(auditor, f"/cases/{case_id}/notes", text="Words")).status_code == 403
    async with cases.client(accept="text/html") as stranger:
        for path in ("/cases", f"/cases/{case_id}", "/cases?view=mine", "/cases/live"):
            sent = await stranger.get(path)
            assert (sent.status_code, sent.headers["location"].partition("=")[0]) == (303, "/signin?next")
        assert (await stranger.post(f"/cases/{case_id}/closing")).status_code == 401


async def test_a_form_from_elsewhere_is_refused(handler: httpx.AsyncClient, receive: Receive) -> None:
    case_id = await receive()
    assert (await handler.post(f"/cases/{case_id}/closing", data={"csrf": "0" * 64})).status_code == 403
    assert (await handler.post(f"/cases/{case_id}/closing")).status_code == 403


async def test_what_is_not_there_says_so(handler: httpx.AsyncClient) -> None:
    for path in (f"/cases/{uuid4()}", f"/cases/{UUID(int=0)}"):
        answer = await handler.get(path)
        assert answer.status_code == 404
        assert "There is no case with this ID" in answer.text
    assert (await handler.get("/cases/nonsense")).status_code == 422
