"""A template is chosen in the composer or asked for by the API; what it inserts is what is sent."""

import html
import re
from uuid import UUID

import httpx

from shared.events.cases import ReplyWritten
from tests.cases.conftest import Receive
from tests.forms import send
from tests.serving import Served


def composed(page: str) -> tuple[str, str]:
    """Subject and body of the reply's form."""
    subject = re.search(r'id="f-replies-subject"[^>]* value="([^"]*)"', page)
    body = re.search(r'<textarea[^>]* id="f-replies-body"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL)
    assert subject
    assert body
    return html.unescape(subject[1]), html.unescape(body[1])


async def test_what_is_inserted_is_what_is_sent(handler: httpx.AsyncClient, receive: Receive) -> None:
    name = "{handler} <b>&amp; أمل"
    at = f"/cases/{await receive(name)}"
    fresh = (await handler.get(at)).text
    assert '<option value="progress-update">Progress update</option>' in fresh
    assert composed(fresh)[1] == ""
    page = (await handler.get(f"{at}?template=progress-update")).text
    assert '<option value="progress-update" selected>' in page
    subject, body = composed(page)
    assert subject == "An update on your complaint"
    assert body.startswith(f"Dear {name},\n\nWe are still looking into your complaint about Credit card, ")
    assert (await send(handler, f"{at}/replies", subject=subject, body=body)).status_code == 303
    read = (await handler.get(f"/api/v1{at}", headers={"Accept": "application/json"})).json()
    (written,) = (entry for entry in read["timeline"] if entry["kind"] == ReplyWritten.type)
    assert (written["heading"], written["words"]) == (subject, body)
    assert "progress-update" not in str(written), "the event is the reply, however it was begun"


async def test_a_field_without_a_value_stops_it(handler: httpx.AsyncClient, receive: Receive) -> None:
    at = f"/cases/{await receive(product=None)}"
    whole = composed((await handler.get(at)).text)
    refused = await handler.get(f"{at}?template=progress-update")
    assert refused.status_code == 422
    needs = "This template needs the product or service. Choose another or write the reply yourself."
    assert refused.text.count(needs) == 2, "in the summary, and beside the field that it leads to"
    assert ('href="#f-templates-template"' in refused.text, 'id="f-templates-template"' in refused.text) == (True, True)
    assert composed(refused.text) == whole, "nothing is half-filled"
    for unknown in ("", "none"):
        refused = await handler.get(f"{at}?template={unknown}")
        assert (refused.status_code, refused.text.count("Select a template")) == (422, 2)


async def test_nobody_is_offered_a_template_who_cannot_reply(cases: Served, receive: Receive) -> None:
    unreachable, reachable = await receive(email=False), await receive()
    html = {"accept": "text/html"}
    async with cases.client("handler", **html) as handler, cases.client("auditor", **html) as auditor:
        for client, case_id in ((handler, unreachable), (auditor, reachable)):
            page = await client.get(f"/cases/{case_id}?template=four-weeks")
            assert (page.status_code, "f-templates" in page.text) == (200, False)


async def test_programs_get_all_of_them_filled(cases: Served, receive: Receive) -> None:
    at = f"/api/v1/cases/{await receive(product=None)}/reply-templates"
    async with cases.client("handler") as client:
        found = {one["code"]: one for one in (await client.get(at)).json()["data"]}
        other = await client.get(f"/api/v1/cases/{UUID(int=1)}/reply-templates")
    assert other.status_code == 404
    assert list(found)[:2] == ["more-information", "progress-update"]
    asks, update = found["more-information"], found["progress-update"]
    assert (asks["label"], asks["missing"]) == ("More information needed", [])
    assert asks["body"].startswith(
        "Dear Amal Haddad,\n\nThank you for your complaint, which we received on 14 March 2026."
    )
    assert "final response by 9 May 2026." in asks["body"]
    assert (update["subject"], update["body"], update["missing"]) == (None, None, ["product"])
