"""The whole life of a complaint as people live it: a customer's phone, a handler's desk, an auditor's question."""

import re
import secrets
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Browser, Page, expect

from tests.system.conftest import Site
from tests.system.test_life import mail_to

Axe = Callable[[Page], Awaitable[list[str]]]


async def sign_in(page: Page, site: Site, role: str, path: str) -> None:
    await page.goto(site.url + path)
    await page.get_by_label("Work e-mail address").fill(f"{role}@example.org")
    await page.get_by_label("Password").fill(site.password)
    await page.get_by_role("button", name="Sign in").click()


async def complain(page: Page, site: Site, story: str, address: str) -> str:
    """Answers the reference that the customer is shown."""
    await page.goto(site.url + "/complain")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_text("Tell us what happened.").first).to_be_visible()
    await page.get_by_label("What happened, and when?").fill(story)
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_label("Credit card").check()
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_label("Your name").fill("A. Customer")
    await page.get_by_label("E-mail address").fill("nobody")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_label("Your name")).to_have_value("A. Customer")
    await page.get_by_label("E-mail address").fill(address)
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("button", name="Send complaint").click()
    await expect(page.get_by_role("heading", name="We have your complaint")).to_be_visible()
    found = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", await page.inner_text("main"))
    assert found
    return found[0]


async def decide(page: Page, number: int, outcome: str) -> None:
    part = page.locator(f"#aspect-{number}")
    await part.locator(f"#resolution-{number} > summary").click()
    await part.get_by_label(outcome, exact=True).check()
    await part.get_by_label("Root cause").select_option(index=1)
    await part.get_by_role("button", name="Save decision").click()
    await expect(page.locator(f"#aspect-{number}").get_by_text(outcome, exact=True).first).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
async def test_the_whole_life(site: Site, browser: Browser, axe: Axe, script: bool) -> None:
    address = f"{secrets.token_hex(6)}@example.org"
    context = await browser.new_context(java_script_enabled=script, viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    page.set_default_timeout(15_000)
    reference = await complain(page, site, "I am furious. The worst bank, a terrible lie.", address)
    assert reference in await mail_to(site, address, "complaint")

    await sign_in(page, site, "handler", f"/cases?q={reference}")
    await page.get_by_role("link", name=reference).click()
    await expect(page.get_by_role("heading", name=reference)).to_be_visible()
    await page.locator("#aspect-new > summary").click()
    await page.locator("#aspect-new").get_by_label("Product").fill("Overdraft")
    await page.locator("#aspect-new").get_by_label("What went wrong").fill("Fee")
    await page.get_by_role("button", name="Add aspect").click()
    await page.locator("#aspect-new > summary").click()
    await page.locator("#aspect-new").get_by_label("Product").fill("Branch")
    await page.locator("#aspect-new").get_by_label("What went wrong").fill("Rude")
    await page.get_by_role("button", name="Add aspect").click()
    if not await page.locator("#classification-1[open]").count():
        await page.locator("#classification-1 > summary").click()
    await page.locator("#classification-1").get_by_label("What went wrong").fill("Charged twice")
    await page.locator("#classification-1").get_by_role("button", name="Save").click()
    await page.get_by_role("button", name="Close case").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    for number, outcome in enumerate(("Upheld", "Partly upheld", "Not upheld"), 1):
        await decide(page, number, outcome)
    if script:
        assert await axe(page) == []
    await page.get_by_role("button", name="Close case").click()
    await expect(page.get_by_text("Closed").first).to_be_visible()
    case = page.url.rpartition("/")[2].partition("?")[0]

    link = re.search(r"http\S+/surveys/answer/\S+", await mail_to(site, address, "how did we do"))
    assert link
    await page.goto(link[0])
    for group in await page.get_by_role("radiogroup").all() or await page.locator("fieldset").all():
        await group.get_by_role("radio").last.check()
    await page.get_by_role("button", name="Send my answers").click()
    await page.wait_for_url("**/thanks*")

    await sign_in_again(page, site, "auditor")
    await page.goto(f"{site.url}/surveys")
    await expect(page.locator("svg").first).to_be_attached()
    await page.goto(f"{site.url}/audit/{case}")
    await expect(page.locator("main")).to_contain_text("case.closed")
    await page.goto(f"{site.url}/audit/{case}?as_at=2020-01-01T00:00")
    await expect(page.locator("main")).to_contain_text("Nothing was recorded by then")
    await page.goto(f"{site.url}/reports")
    await expect(page.locator("svg a").first).to_be_attached()
    await context.close()


async def sign_in_again(page: Page, site: Site, role: str) -> None:
    await page.context.clear_cookies()
    await sign_in(page, site, role, "/cases")


PAGES = ("/cases", "/intake", "/social", "/surveys", "/reports", "/audit", "/mailbox", "/sentiment")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_staff_pages_are_accessible_and_fit_a_phone(site: Site, page: Page, axe: Axe, theme: str) -> None:
    await sign_in(page, site, "leader", "/cases")
    await page.wait_for_url("**/cases")
    await page.context.add_cookies([{"name": "theme", "value": theme, "url": site.url}])
    for path in PAGES:
        await page.set_viewport_size({"width": 1280, "height": 900})
        await page.goto(site.url + path)
        assert await axe(page) == [], path
        await page.set_viewport_size({"width": 360, "height": 740})
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, f"{path} is {width} wide"


async def test_a_new_complaint_appears_by_itself_and_is_reached_by_keyboard(site: Site, page: Page) -> None:
    await sign_in(page, site, "handler", "/cases?sort=-received")
    await page.wait_for_url("**/cases*")
    async with site.client("machine") as client:
        made = await client.post(
            "/api/v1/complaints", json={"narrative": "A calm story."}, headers={"Idempotency-Key": secrets.token_hex(8)}
        )
    reference = made.json()["reference"]
    await expect(page.get_by_role("link", name=reference)).to_be_visible()
    await page.keyboard.press("/")
    await page.keyboard.type(reference)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/cases?q={reference}*")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/cases/{made.json()['id']}*")
