"""A complaint's whole life in a browser, wherever Recourse runs: a customer's phone, a handler's desk, an auditor."""

import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playwright.async_api import Browser, Page, expect

Axe = Callable[[Page], Awaitable[list[str]]]


@dataclass(frozen=True)
class Place:
    """A running installation: its address, the password of its accounts, and a way to read its mail."""

    url: str
    password: str
    mail: Callable[[str, str], Awaitable[str]]
    """`await mail(address, about)` is the text that was sent there."""


async def sign_in(page: Page, at: Place, role: str, path: str) -> None:
    await page.goto(at.url + path)
    await page.get_by_label("Work email address").fill(f"{role}@example.org")
    await page.get_by_label("Password").fill(at.password)
    await page.get_by_role("button", name="Sign in").click()


async def complain(page: Page, at: Place, story: str, address: str) -> str:
    """Answers the reference that the customer is shown."""
    await page.goto(at.url + "/complain")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_text("Tell us what happened.").first).to_be_visible()
    await page.get_by_label("What happened, and when?").fill(story)
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_label("Credit card").check()
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_label("Your name").fill("A. Customer")
    await page.get_by_label("Email address").fill("nobody")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_label("Your name")).to_have_value("A. Customer")
    await page.get_by_label("Email address").fill(address)
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
    await part.get_by_label("Reason for decision").fill("We read the file.")
    await part.get_by_role("button", name="Save decision").click()
    await expect(page.locator(f"#resolution-{number}")).to_have_count(0)
    await expect(part.get_by_text(outcome, exact=True).first).to_be_visible()


async def whole_life(at: Place, browser: Browser, axe: Axe, script: bool = True) -> None:
    address = f"{secrets.token_hex(6)}@example.org"
    context = await browser.new_context(java_script_enabled=script, viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    page.set_default_timeout(60_000)
    reference = await complain(page, at, "I am furious. The worst bank, a terrible lie.", address)
    assert reference in await at.mail(address, "complaint")

    await sign_in(page, at, "handler", f"/cases?q={reference}")
    await page.get_by_role("link", name=reference).click()
    await expect(page.get_by_role("heading", name=reference)).to_be_visible()
    await page.locator("#aspect-new > summary").click()
    await page.locator("#f-aspects-product").fill("Overdraft")
    await page.locator("#aspect-new").get_by_label("What went wrong").fill("Fee")
    await page.get_by_role("button", name="Add aspect").click()
    await expect(page.locator("#aspect-2")).to_be_visible()
    await page.locator("#aspect-new > summary").click()
    await page.locator("#f-aspects-product").fill("Branch")
    await page.locator("#aspect-new").get_by_label("What went wrong").fill("Rude")
    await page.get_by_role("button", name="Add aspect").click()
    await expect(page.locator("#aspect-3")).to_be_visible()
    if not await page.locator("#classification-1[open]").count():
        await page.locator("#classification-1 > summary").click()
    await page.locator("#classification-1").get_by_label("What went wrong").fill("Charged twice")
    await page.locator("#classification-1").get_by_role("button", name="Save").click()
    await expect(page.locator("#aspect-1").get_by_role("heading", name="Charged twice")).to_be_visible()
    await page.get_by_role("button", name="Close case").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    for number, outcome in enumerate(("Upheld", "Partly upheld", "Not upheld"), 1):
        await decide(page, number, outcome)
    if script:
        assert await axe(page) == []
    await page.get_by_role("button", name="Close case").click()
    if script:
        await page.get_by_role("button", name="Close and email the customer").click()
    await expect(page.get_by_text("Closed").first).to_be_visible()
    case = page.url.rpartition("/")[2].partition("?")[0]

    link = re.search(r"http\S+/surveys/answer/\S+", await at.mail(address, "how did we do"))
    assert link
    await page.goto(link[0])
    for group in await page.get_by_role("radiogroup").all() or await page.locator("fieldset").all():
        await group.get_by_role("radio").last.check()
    await page.get_by_role("button", name="Send my answers").click()
    await page.wait_for_url("**/thanks*")

    await sign_in_again(page, at, "auditor")
    await page.goto(f"{at.url}/surveys")
    await expect(page.locator("svg").first).to_be_attached()
    await page.goto(f"{at.url}/audit/{case}")
    await expect(page.locator("main")).to_contain_text("case.closed")
    await page.goto(f"{at.url}/audit/{case}?as_at=2020-01-01T00:00")
    await expect(page.locator("main")).to_contain_text("Nothing was recorded by then")
    await page.goto(f"{at.url}/reports")
    await expect(page.locator(".bars a").first).to_be_attached()
    await context.close()


async def sign_in_again(page: Page, at: Place, role: str) -> None:
    await page.context.clear_cookies()
    await sign_in(page, at, role, "/cases")
