"""Customer and handler write to each other about a complaint, through intake and cases."""

import re
import secrets
from typing import Any

import httpx

from tests.serving import PLAIN, until
from tests.system.conftest import Site
from tests.system.test_life import mail_to, received, seen


async def test_a_reply_reaches_the_customer_and_their_answer_the_case(site: Site) -> None:
    address = f"{secrets.token_hex(6)}@example.org"
    async with site.client("machine") as client, httpx.AsyncClient(base_url=site.url, verify=PLAIN) as customer:
        made = await received(client, "My card was charged twice.", email=address)
        at = f"/api/v1/cases/{made['id']}"
        link = re.search(r"/complain/track/\S+", await mail_to(site, address, "We have your complaint"))
        assert link
        await seen(client, at)
        paused = await client.post(f"{at}/pause", json={"waiting_for": "customer"})
        assert paused.status_code == 200, paused.text
        reply = {"subject": "Your statement", "body": "Send us your statement, please."}
        written = await client.post(f"{at}/replies", json=reply)
        assert written.status_code == 201, written.text
        assert "Send us your statement" in await mail_to(site, address, f"Your statement [{made['reference']}]")
        await seen(client, at, lambda body: _has(body, "message.sent", written.json()["id"]))

        async def shown() -> str:
            page = (await customer.get(link[0])).text
            return page if "Send us your statement" in page else ""

        page = await until(shown)
        csrf, key = (re.search(rf'name="{name}" value="([^"]+)"', page) for name in ("csrf", "key"))
        assert csrf
        assert key
        form = {"csrf": csrf[1], "key": key[1], "text": "Here it is: two charges."}
        empty = await customer.post(f"{link[0]}/messages", data=form | {"text": " "})
        assert (empty.status_code, "Enter your message" in empty.text) == (422, True)
        for _ in range(2):  # sent twice, taken in once
            assert (await customer.post(f"{link[0]}/messages", data=form)).status_code == 303
        assert "Here it is: two charges." in (await customer.get(link[0])).text, "as it is waited for"
        case = await seen(client, at, lambda body: body["status"] != "pending")
        words = [entry["words"] for entry in case["timeline"] if entry["kind"] == "message.received"]
        assert words == ["Here it is: two charges."]
        assert case["message_at"] > case["answered_at"]


async def test_a_reply_to_a_customer_without_an_address_is_not_delivered(site: Site) -> None:
    async with site.client("machine") as client:
        made = await received(client, "Nobody answers the phone.", name="Ada")
        at = f"/api/v1/cases/{made['id']}"
        await seen(client, at)
        written = await client.post(f"{at}/replies", json={"subject": "Sorry", "body": "We are sorry."})

        async def failed() -> bool:
            return _has((await client.get(at)).json(), "message.failed", written.json()["id"])

        await until(failed)


def _has(case: dict[str, Any], kind: str, about: str) -> bool:
    return any(entry["kind"] == kind and entry["about"] == about for entry in case["timeline"])
