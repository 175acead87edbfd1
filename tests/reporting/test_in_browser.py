"""The pages as a browser lays them out: nobody is shut out, nothing is cut off, the slider moves through time."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, Route, async_playwright

from tests.browser import HELP, chromium_path
from tests.pages.checks import axe, overflow
from tests.reporting.given import case
from tests.serving import Served

PAGES = {
    "report": "/reports?by=product",
    "months": "/reports?by=month",
    "as_at": "/reports?by=outcome&as_at=2026-03-14T12:30:00Z",
    "none": "/reports?product=none",
    "behind": "/reports/complaints?by=product",
    "audit": "/audit",
    "not_found": "/audit?q=nothing",
    "trail": f"/audit/{case(1)}",
    "too_early": f"/audit/{case(1)}?as_at=2026-03-01T00:00:00Z",
}


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    path = chromium_path()
    assert path, HELP
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=path, args=["--headless", "--no-sandbox"])
        yield running
        await running.close()


@pytest.fixture
async def page(browser: Browser, reporting: Served) -> AsyncIterator[Page]:
    """A browser in which an auditor is signed in; its requests go to the running service."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    async with reporting.client("auditor") as client:

        async def answer(route: Route) -> None:
            parts = urlsplit(route.request.url)
            if parts.path.endswith("/live"):
                await route.abort()
                return
            sent = await client.get(f"{parts.path}?{parts.query}", headers={"accept": "text/html"})
            headers = {name: value for name, value in sent.headers.items() if name != "content-length"}
            await route.fulfill(status=sent.status_code, headers=headers, body=sent.content)

        await context.route("**/*", answer)
        yield await context.new_page()
    await context.close()


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_is_open_to_everybody_and_fits_a_phone(page: Page, name: str) -> None:
    await page.goto(f"http://recourse.test{PAGES[name]}")
    if folder := os.environ.get("RECOURSE_PICTURES"):
        await page.screenshot(path=Path(folder) / f"reporting-{name}.png", full_page=True)
    assert await axe(page) == []
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await overflow(page) == []


async def test_a_moment_is_chosen_with_the_slider_and_a_raw_event_opened(page: Page) -> None:
    await page.goto(f"http://recourse.test/audit/{case(1)}")
    await page.get_by_role("slider").focus()
    await page.keyboard.press("Home")
    await page.keyboard.press("ArrowRight")
    await page.get_by_role("button", name="Go to this moment").click()
    assert "What was known at 14 March 2026, 08:00:00 UTC" in await page.inner_text("main")
    await page.get_by_text("Complaint REF1-AAAA received").first.click()
    assert '"box": "sealed"' in await page.inner_text("main")
