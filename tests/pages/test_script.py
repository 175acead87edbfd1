"""Additions of the script to a page: drafts, undo and fresh times."""

import pytest
from playwright.async_api import Dialog, Page, expect

from shared.security.permissions import Who
from tests.pages.list_page import Shown, opened


async def test_leaving_warns_and_the_draft_is_there_again(page: Page, address: str) -> None:
    asked: list[str] = []

    async def leave(dialog: object) -> None:
        asked.append(dialog.type)  # type: ignore[attr-defined]
        await dialog.accept()  # type: ignore[attr-defined]

    page.on("dialog", leave)
    await opened(page, address)
    await page.get_by_label("Words").press_sequentially("Not yet sent")
    await expect(page.locator("[data-draft-state=case-1]")).to_have_text("Draft saved on this device")
    await opened(page, address)
    assert asked == ["beforeunload"]
    await expect(page.get_by_label("Words")).to_have_value("Not yet sent")


async def test_what_was_sent_can_be_undone_and_leaves_no_draft(page: Page, address: str, shown: Shown) -> None:
    await opened(page, address)
    await page.get_by_label("Words").fill("Done")
    await expect(page.locator("[data-draft-state=case-1]")).to_have_text("Draft saved on this device")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".toast")).to_contain_text("Sent")
    await expect(page.get_by_label("Words")).to_have_value("")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator(".toast")).to_have_count(0)
    assert shown.undone == 1


async def test_words_that_were_refused_are_there_again(page: Page, address: str, shown: Shown) -> None:
    await opened(page, address)
    shown.refuses = 401
    await page.get_by_label("Words").fill("Not yet taken")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".trouble")).to_be_visible()
    await opened(page, address)
    await expect(page.get_by_label("Words")).to_have_value("Not yet taken")
    shown.refuses = 0
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".toast")).to_contain_text("Sent")
    await opened(page, address)
    await expect(page.get_by_label("Words")).to_have_value("")


@pytest.mark.parametrize("way", ["anew", "back"])
async def test_words_that_never_arrived_are_there_again(page: Page, address: str, way: str) -> None:
    await opened(page, address)
    await page.get_by_role("link", name="ada").evaluate("(link) => { link.href = '/list'; link.click(); }")
    await page.wait_for_load_state()
    await page.get_by_label("Words").fill("Not yet taken")
    await page.route("**/send", lambda route: route.abort("connectionreset"))
    await page.get_by_role("button", name="Send").click()
    await page.wait_for_url("chrome-error://**")
    await (opened(page, address) if way == "anew" else page.go_back())
    await expect(page.get_by_label("Words")).to_have_value("Not yet taken")
    assert await page.evaluate("sessionStorage.getItem('draft:case-1')") == "Not yet taken"


async def test_a_draft_is_its_account_s_alone(page: Page, address: str, shown: Shown) -> None:
    ines, bo = Who("ines@example.org", "Ines", "handler"), Who("bo@example.org", "Bo", "handler")
    for shown.who, found in ((ines, ""), (bo, ""), (None, ""), (ines, "Of Ines"), (bo, "Of Bo"), (None, "Of nobody")):
        await opened(page, address)
        await expect(page.get_by_label("Words")).to_have_value(found)
        if not found:
            await page.get_by_label("Words").fill(f"Of {shown.who.name if shown.who else 'nobody'}")
            await expect(page.locator("[data-draft-state=case-1]")).to_have_text("Draft saved on this device")
    assert "example.org" not in await page.evaluate("JSON.stringify(localStorage)")
    later = await page.context.new_page()
    await later.goto(address + "/list")
    await expect(later.get_by_label("Words")).to_have_value("")


async def test_no_draft_outlives_a_sign_out(page: Page, address: str, shown: Shown) -> None:
    ines = shown.who = Who("ines@example.org", "Ines", "handler")
    await opened(page, address)
    await page.evaluate("localStorage.setItem('draft:other:case-1', 'Of Bo')")
    await page.get_by_label("Words").fill("Private")
    await expect(page.locator("[data-draft-state=case-1]")).to_have_text("Draft saved on this device")
    asked: list[str] = []

    async def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.accept()

    page.on("dialog", leave)
    await page.get_by_label("Your account and settings").click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.locator("a[href='/signin']")).to_have_count(1)
    assert asked == ["beforeunload"], "words that nothing keeps are not left without a warning"
    assert await page.evaluate("({...localStorage})") == {"draft:other:case-1": "Of Bo"}
    shown.who = ines
    await opened(page, address)
    await expect(page.get_by_label("Words")).to_have_value("")


async def test_times_say_the_same_as_the_server(page: Page, address: str) -> None:
    await page.clock.install()
    await page.goto(address + "/list")
    said = await page.evaluate(
        """async () => {
          const minutes = [2 * 1440 + 245, -185, 0, 64800, -1152000, 0.5];
          const now = Date.now();
          document.querySelector("main").innerHTML = minutes.map((minute) => {
            const at = new Date(now + minute * 60000 + (minute > 0 ? 31000 : -31000)).toISOString();
            return `<time datetime="${at}" data-time="when"><span></span></time>`;
          }).join("");
        }"""
    )
    assert said is None
    await page.clock.run_for(30_000)
    assert await page.locator("main time").all_inner_texts() == [
        "in 2 d 4 h",
        "3 h 6 min ago",
        "1 min ago",
        "in 45 d",
        "2 y ago",
        "now",
    ]
