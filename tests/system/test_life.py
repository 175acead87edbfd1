"""A complaint's whole life through all six services, as an integrator would drive it."""

import re
import secrets
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.serving import until
from tests.system.conftest import Site


async def seen(client: httpx.AsyncClient, path: str, test: Any = lambda body: True, **params: str) -> Any:
    """What the path answers once it is there and `test` holds."""

    async def look() -> Any:
        answer = await client.get(path, params=params)
        return answer.json() if answer.status_code == 200 and test(answer.json()) else None

    return await until(look)


async def received(client: httpx.AsyncClient, narrative: str, channel: str = "api", **person: str) -> dict[str, Any]:
    made = await client.post(
        "/api/v1/complaints",
        json={"narrative": narrative, "product": "Credit card", "channel": channel, "person": person},
        headers={"Idempotency-Key": secrets.token_hex(8)},
    )  # fmt: skip
    assert made.status_code == 201, made.text
    body: dict[str, Any] = made.json()
    return body


async def mail_to(site: Site, address: str, about: str) -> str:
    async def look() -> Any:
        pool = site.apps["intake"].state.runtime.pool
        async with pool.connection() as conn:
            found = await conn.execute(
                "select body from mailbox where recipient = %s and subject ilike %s", [address, f"%{about}%"]
            )
            return await found.fetchone()

    return str((await until(look))[0])


async def decided(client: httpx.AsyncClient, case: str, aspect: str, outcome: str) -> httpx.Response:
    body = {"outcome": outcome, "root_cause": "delay", "redress": "none", "explanation": "Because."}
    return await client.post(f"/api/v1/cases/{case}/aspects/{aspect}/resolution", json=body)


async def test_from_the_complaint_to_the_answered_survey(site: Site) -> None:
    address, before = f"{secrets.token_hex(6)}@example.org", datetime.now(UTC)
    async with site.client("machine") as client:
        made = await received(client, "I am furious. This is the worst, most terrible bank.", email=address)
        case = made["id"]
        assert made["reference"] in await mail_to(site, address, "complaint")
        opened = await seen(client, f"/api/v1/cases/{case}", lambda body: body["heat"] == "red")
        assert opened["reference"] == made["reference"]
        await seen(
            client, f"/api/v1/cases/{case}", lambda body: body["priority"] in ("high", "urgent") and body["alert"]
        )
        for product in ("Overdraft", "Branch"):
            added = await client.post(f"/api/v1/cases/{case}/aspects", json={"product": product, "issue": "Fees"})
            assert added.status_code == 201, added.text
        at = {"at_least": added.json()["position"]}
        aspects = (await client.get(f"/api/v1/cases/{case}", params=at)).json()["aspects"]
        assert len(aspects) == 3
        refused = await client.post(f"/api/v1/cases/{case}/closing")
        assert refused.status_code == 409
        assert refused.headers["content-type"] == "application/problem+json"
        for aspect, outcome in zip(aspects, ("upheld", "partly-upheld", "not-upheld"), strict=True):
            answer = await decided(client, case, aspect["aspect_id"], outcome)
            assert answer.status_code == 200, answer.text
        closed = await client.post(f"/api/v1/cases/{case}/closing")
        assert closed.status_code == 200, closed.text
        invitation = await mail_to(site, address, "how did we do")
        link = re.search(r"http\S+/surveys/answer/\S+", invitation)
        assert link
        await answered(link[0])
        results = await seen(client, "/api/v1/surveys", lambda body: "5" in str(body))
        assert results
        kinds = {"complaint.received", "case.opened", "sentiment.measured", "case.closed", "survey.answered"}
        trail = await seen(
            client,
            f"/api/v1/audit/{case}",
            lambda body: kinds <= {row["name"].rpartition(".v")[0] for row in body["data"]},
        )
        assert all(row["recorded_at"] for row in trail["data"])
        empty = await client.get(f"/api/v1/audit/{case}", params={"as_at": before.isoformat()})
        assert empty.json()["data"] == []


async def answered(link: str) -> None:
    """As a browser without JavaScript would."""
    async with httpx.AsyncClient(follow_redirects=True) as browser:
        page = await until(lambda: _page(browser, link))
        csrf = re.search(r'name="csrf" value="([^"]+)"', page)
        assert csrf
        names = set(re.findall(r'type="radio"[^>]* name="([^"]+)"', page))
        assert names
        done = await browser.post(link, data={"csrf": csrf[1], **dict.fromkeys(names, "5")})
        assert done.status_code == 200, done.text
        assert "/thanks" in str(done.url)


async def _page(browser: httpx.AsyncClient, link: str) -> str | None:
    answer = await browser.get(link)
    return answer.text if answer.status_code == 200 else None


async def test_a_mention_becomes_a_complaint_and_keeps_its_link(site: Site) -> None:
    body = {"network": "mastodon", "external_id": secrets.token_hex(6), "text": "My card was swallowed, no answer",
            "author": "Somebody", "handle": "@somebody@example.social"}  # fmt: skip
    async with site.client("machine") as client:
        captured = await client.post("/api/v1/mentions", json=body)
        assert captured.status_code == 201, captured.text
        promoted = await client.post(f"/api/v1/mentions/{captured.json()['id']}/promotion")
        assert promoted.status_code == 200, promoted.text
        case = await seen(client, f"/api/v1/cases/{promoted.json()['complaint_id']}")
        assert case["channel"] == "social"
        mention = await seen(client, f"/api/v1/mentions/{captured.json()['id']}", lambda m: m["reference"])
        assert mention["reference"] == case["reference"]


async def test_an_erased_person_is_gone_from_every_service(site: Site) -> None:
    secret = secrets.token_hex(8)
    async with site.client("compliance") as client:
        made = await received(client, f"word {secret}", name=f"name {secret}", email=f"{secret}@example.org")
        case = await seen(client, f"/api/v1/cases/{made['id']}", lambda body: body["person_name"])
        await mail_to(site, f"{secret}@example.org", "complaint")
        assert await holding(site, secret)
        erasure = f"/api/v1/people/{case['person_id']}/erasure"
        body = {"reason": "GDPR Article 17", "override_hold": "a test"}
        assert (await client.post(erasure, json=body)).status_code == 200

        async def gone() -> bool:
            return not await holding(site, secret)

        await until(gone)
        after = (await client.get(f"/api/v1/cases/{made['id']}")).json()
        assert after["reference"] == made["reference"]
        assert after["person_name"] is None


async def holding(site: Site, secret: str) -> list[str]:
    """Every table of every service that holds the word."""
    found = []
    for name, app in site.apps.items():
        async with app.state.runtime.pool.connection() as conn:
            tables = await conn.execute("select tablename from pg_tables where schemaname = 'public'")
            for (table,) in await tables.fetchall():
                rows = await conn.execute(f'select 1 from "{table}" t where t::text like %s limit 1', [f"%{secret}%"])
                if await rows.fetchone():
                    found.append(f"{name}.{table}")
    return found


PUBLIC = {"/", "/complain", "/signin"}


@pytest.mark.parametrize(
    "path", ["/complain", "/cases", "/social", "/surveys", "/reports", "/audit", "/intake", "/mailbox", "/sentiment"]
)
async def test_a_stranger_sees_only_the_form(site: Site, path: str) -> None:
    async with httpx.AsyncClient(base_url=site.url, headers={"Accept": "text/html"}) as client:
        answer = await client.get(path)
    assert answer.status_code == (200 if path in PUBLIC else 303)
    if path not in PUBLIC:
        assert answer.headers["location"].startswith("/signin?next=")


async def test_what_programs_read_is_on_the_one_port(site: Site) -> None:
    async with site.client("auditor") as client:
        openapi = (await client.get("/openapi.json")).json()
        assert {p.split("/")[3] for p in openapi["paths"]} >= {
            "complaints", "cases", "mentions", "surveys", "reports", "audit"
        }  # fmt: skip
        asyncapi = (await client.get("/asyncapi.json")).json()
        assert asyncapi["asyncapi"].startswith("3.")
        assert (await client.get("/metrics")).status_code == 404
        ready = await client.get("/health/ready")
        assert ready.json() == dict.fromkeys(site.apps, "ready")
    inside = httpx.ASGITransport(site.apps["cases"])
    async with httpx.AsyncClient(transport=inside, base_url="http://cases") as operator:
        assert "recourse_lag_records" in (await operator.get("/metrics")).text
        assert (await operator.get("/health/ready")).json()["consumers"]
