"""A headless Chromium for the page tests, one a run, a fresh page of it a test, and a list page to open in it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from tests.browser import HELP, chromium_path
from tests.pages import checks
from tests.pages.list_page import Shown, application

QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = chromium_path()
    assert path, HELP
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=path, args=QUIET)
        yield running
        await running.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the page said on its console or threw: empty at the end of every test, whatever it was about."""
    return []


@pytest.fixture
async def page(browser: Browser, complaints: list[str]) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            complaints.append(message.text)

    opened = await context.new_page()
    opened.set_default_timeout(10_000)
    opened.on("console", said)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    await context.close()
    assert complaints == []


@pytest.fixture
def axe() -> Callable[[Page], Awaitable[list[str]]]:
    """`await axe(page)` lists every accessibility violation of the page as it stands."""
    return checks.axe


@pytest.fixture
def shown() -> Shown:
    """The text of the list page, which a test changes."""
    return Shown()


@pytest.fixture
def address(tmp_path: Path, shown: Shown) -> Iterator[str]:
    """The address of the list page."""
    with checks.served(application(tmp_path, shown)) as found:
        yield found
