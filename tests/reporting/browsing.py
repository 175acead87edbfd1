"""A browser whose requests go straight to a running service, with nothing listening on a port."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Page, Route, async_playwright

from tests.browser import HELP, chromium_path
from tests.serving import Served

HOME = "http://recourse.test"


@asynccontextmanager
async def browsing(served: Served, role: str | None) -> AsyncIterator[Page]:
    """Signed in with a role; None is a customer with a link."""
    path = chromium_path()
    assert path, HELP
    async with async_playwright() as playwright, served.client(role) as client:

        async def answer(route: Route) -> None:
            parts = urlsplit(route.request.url)
            if parts.path.endswith("/live"):
                await route.abort()
                return
            sent = await client.request(
                route.request.method, f"{parts.path}?{parts.query}", content=route.request.post_data_buffer,
                headers={"accept": "text/html"} | {
                    name: value for name, value in route.request.headers.items() if name == "content-type"
                }, follow_redirects=True,
            )  # fmt: skip
            headers = {name: value for name, value in sent.headers.items() if name != "content-length"}
            await route.fulfill(status=sent.status_code, headers=headers, body=sent.content)

        browser = await playwright.chromium.launch(executable_path=path, args=["--headless", "--no-sandbox"])
        context = await browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        await context.route("**/*", answer)
        yield await context.new_page()
        await browser.close()


async def picture(page: Page, name: str, full: bool = True) -> None:
    """Kept where RECOURSE_PICTURES says, for whoever wants to look."""
    if folder := os.environ.get("RECOURSE_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=full)
