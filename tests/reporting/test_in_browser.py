"""The pages as a browser lays them out: nobody is shut out, nothing is cut off, the slider moves through time."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page

from tests.pages.checks import axe, overflow
from tests.reporting.browsing import HOME, browsing, picture
from tests.scenarios.reporting import case
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
async def page(reporting: Served) -> AsyncIterator[Page]:
    """A browser in which an auditor is signed in."""
    async with browsing(reporting, "auditor") as opened:
        yield opened


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_is_open_to_everybody_and_fits_a_phone(page: Page, name: str) -> None:
    await page.set_viewport_size({"width": 1280, "height": 900})
    await page.goto(f"{HOME}{PAGES[name]}")
    await picture(page, f"reporting-{name}")
    assert await axe(page) == []
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await overflow(page) == []


async def test_a_moment_is_chosen_with_the_slider_and_a_raw_event_opened(page: Page) -> None:
    await page.set_viewport_size({"width": 1280, "height": 900})
    await page.goto(f"{HOME}/audit/{case(1)}")
    await page.get_by_role("slider").focus()
    await page.keyboard.press("Home")
    await page.keyboard.press("ArrowRight")
    await page.get_by_role("button", name="Go to this moment").click()
    assert "What was known at 14 March 2026, 08:00:00 UTC" in await page.inner_text("main")
    await page.get_by_text("Complaint REF1-AAAA received").first.click()
    assert '"box": "sealed"' in await page.inner_text("main")
