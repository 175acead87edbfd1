"""People's ways through the pages of all six services."""

import secrets
from functools import partial

import pytest
from playwright.async_api import Browser, Page, expect

from tests.system.conftest import Site
from tests.system.journey import Axe, Place, sign_in, whole_life
from tests.system.test_life import mail_to


def place(site: Site) -> Place:
    return Place(site.url, site.password, partial(mail_to, site))


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
async def test_the_whole_life(site: Site, browser: Browser, axe: Axe, script: bool) -> None:
    await whole_life(place(site), browser, axe, script)


PAGES = ("/cases", "/intake", "/social", "/surveys", "/reports", "/audit", "/mailbox", "/sentiment")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_staff_pages_are_accessible_and_fit_a_phone(site: Site, page: Page, axe: Axe, theme: str) -> None:
    await sign_in(page, place(site), "leader", "/cases")
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
    await sign_in(page, place(site), "handler", "/cases?sort=-received")
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
