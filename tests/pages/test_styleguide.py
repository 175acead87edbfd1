"""Every component in every state, in a real browser: accessible, legible, reachable by keyboard, quiet."""

import re
from collections.abc import Awaitable, Callable, Iterator

import pytest
from fastapi import FastAPI
from playwright.async_api import Page, expect

from shared.http.headers import security_headers
from shared.web.pages import static_files
from shared.web.styleguide import router
from tests.pages.checks import AS_RGB, overflow, served

Axe = Callable[[Page], Awaitable[list[str]]]

PAGES = ["/styleguide", "/styleguide?theme=dark", "/styleguide/customer", "/styleguide/customer?theme=dark"]
LEGIBLE = [
    *((text, under, 4.5) for text in ("text", "muted", "accent", "danger") for under in ("surface", "raised")),
    *((f"{tone}", f"{tone}-tint", 4.5) for tone in ("danger", "warn", "good")),
    *(("accent-strong", "accent-tint", 4.5), ("on-accent", "accent", 4.5), ("on-danger", "danger", 4.5)),
    *((fill, "surface", 3) for fill in ("control", "danger-fill", "warn-fill", "good-fill", "bar", "accent")),
    *(("muted", "sunken", 4.5), ("muted", "hover", 4.5), ("text", "chosen", 4.5), ("control", "raised", 3)),
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    app = FastAPI()
    app.include_router(router)
    app.mount("/static", static_files())
    app.add_middleware(security_headers)
    with served(app) as found:
        yield found


@pytest.mark.parametrize("path", PAGES)
async def test_no_accessibility_violations(page: Page, address: str, axe: Axe, path: str) -> None:
    await page.goto(address + path)
    assert await axe(page) == []


async def test_the_check_sees_poor_contrast(page: Page, address: str, axe: Axe) -> None:
    """The checker knows no oklch by itself: this keeps the check above from passing blindly."""
    await page.goto(address + "/styleguide")
    await page.evaluate("document.querySelector('h1').style.color = 'oklch(85% 0 0)'")
    assert any(line.startswith("color-contrast") for line in await axe(page))


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_tokens_keep_their_contrast(page: Page, address: str, theme: str) -> None:
    await page.goto(f"{address}/styleguide?theme={theme}")
    await page.evaluate(AS_RGB)
    poor = await page.evaluate(
        """(pairs) => {
          const probe = document.body.appendChild(document.createElement("i"));
          const light = (name) => {
            probe.style.color = `var(--${name})`;
            const parts = asRgb(getComputedStyle(probe).color).match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
            const [red, green, blue] = parts.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
            return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
          };
          return pairs.map(([over, under, least]) => {
            const [a, b] = [light(over), light(under)];
            return [`${over} on ${under}`, Math.max(a, b) / Math.min(a, b), least];
          }).filter(([, ratio, least]) => ratio < least);
        }""",
        LEGIBLE,
    )
    assert poor == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [360, 640, 1024])
async def test_nothing_is_cut_off(page: Page, address: str, path: str, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 740})
    await page.goto(address + path)
    assert await overflow(page) == []


async def test_tab_shows_a_focus_ring(page: Page, address: str) -> None:
    await page.goto(address + "/styleguide")
    for _ in range(12):
        await page.keyboard.press("Tab")
        ring = await page.evaluate(
            "(({outlineStyle, outlineWidth}) => [outlineStyle, outlineWidth])(getComputedStyle(document.activeElement))"
        )
        assert ring == ["solid", "2px"]


async def test_keys_search_list_and_jump(page: Page, address: str) -> None:
    await page.goto(address + "/styleguide")
    await page.keyboard.press("/")
    await expect(page.locator("[data-search]")).to_be_focused()
    await page.keyboard.type("?jx")
    await expect(page.locator("[data-search]")).to_have_value("?jx")
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await expect(page.locator("#shortcuts")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("audit")
    await expect(page.locator("#palette [role=option]")).to_have_text(["Audit"])
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(address + "/audit")


async def test_rows_by_keyboard(page: Page, address: str) -> None:
    await page.goto(address + "/styleguide")
    bar = page.locator("[data-bulk]")
    await expect(bar).to_be_hidden()
    for key in "jxjjx":
        await page.keyboard.press(key)
    await expect(bar).to_be_visible()
    await expect(bar.locator("[data-bulk-count]")).to_have_text("2")
    await page.keyboard.press("Escape")
    await expect(bar).to_be_hidden()
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(address + "/cases/CMP-2026-000121")


async def test_single_keys_can_be_switched_off(page: Page, address: str) -> None:
    await page.goto(address + "/styleguide")
    await page.locator(".menu summary").click()
    await page.locator("[data-keys-switch]").uncheck()
    await page.keyboard.press("Escape")
    await page.reload()
    await page.keyboard.press("?")
    await expect(page.locator("#shortcuts")).to_be_hidden()


async def test_the_theme_is_kept(page: Page, address: str) -> None:
    await page.goto(address + "/styleguide")
    await page.locator(".menu summary").click()
    await page.locator("[data-theme-choice=dark]").click()
    await page.goto(address + "/styleguide/customer")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_the_irreversible_asks_and_says_what_it_does(page: Page, address: str) -> None:
    await page.goto(address + "/styleguide")
    await page.locator("[data-dialog=erase]").click()
    await expect(page.locator("#erase")).to_contain_text("3 complaints keep their figures")
    await page.locator("#erase").get_by_role("button", name="Cancel").click()
    await expect(page.locator("#erase")).to_be_hidden()


async def test_every_bar_is_a_named_link(page: Page, address: str) -> None:
    await page.goto(address + "/styleguide")
    bar = page.get_by_role("link", name="Late payment 103")
    await bar.focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"/cases\?cause=1$"))
