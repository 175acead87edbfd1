"""Changes in place, by the user and by others: focus, scroll position and typed text stay."""

import pytest
from playwright.async_api import Page, Route, expect

from shared.security.permissions import Who
from tests.pages.list_page import Shown, opened
from tests.serving import until


async def test_a_page_follows_its_stream_and_keeps_the_row(page: Page, address: str, shown: Shown) -> None:
    await opened(page, address)
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    shown.count = 1
    await expect(page.locator("#count")).to_have_text("1")
    await expect(page.locator("tr.current")).to_contain_text("bo")
    await expect(page.get_by_role("link", name="bo")).to_be_focused()


async def test_every_page_has_the_bell_and_the_figures_of_cases(page: Page, address: str, shown: Shown) -> None:
    await opened(page, address)
    shown.who = Who("ines@example.org", "Ines", "handler")
    assert await page.get_by_label("3 alerts").count() == 0, "a stranger has no cases"
    await opened(page, address)
    await expect(page.get_by_label("3 alerts")).to_be_visible()
    shown.count = 1
    await expect(page.locator("#count")).to_have_text("1")
    await expect(page.locator("[data-rail] .dot")).to_have_text("4 mine")
    await expect(page.locator("[data-rail] a", has_text="Cases").locator(".dot")).to_be_visible()


async def test_a_page_never_takes_words_or_a_selection_away(page: Page, address: str, shown: Shown) -> None:
    await opened(page, address)
    await page.get_by_label("Words").press_sequentially("Half a sentence")
    await page.get_by_label("Select bo").check()
    shown.names = ["new", "ada", "bo"]
    shown.count = 1
    await expect(page.locator("#count")).to_have_text("1")
    await expect(page.locator("tbody tr")).to_have_count(3)
    await expect(page.get_by_label("Words")).to_have_value("Half a sentence")
    assert await page.locator("[data-select]:checked").evaluate_all("(all) => all.map((one) => one.value)") == ["bo"]
    await expect(page.locator("[data-bulk-count]").first).to_have_text("1") if await page.locator(
        "[data-bulk]"
    ).count() else None


@pytest.mark.parametrize("chosen", ["Withdrawn", "Cause", "Redress", "Told", "Amount"])
async def test_a_page_never_takes_a_choice_away(page: Page, address: str, shown: Shown, chosen: str) -> None:
    await opened(page, address)
    field = page.get_by_label(chosen, exact=True)
    if chosen in ("Cause", "Redress"):
        await field.select_option(index={"Cause": 1, "Redress": 0}[chosen])
    elif chosen == "Amount":
        await field.fill("2")
    else:
        await field.set_checked(chosen != "Told")
    kept = await field.evaluate("(field) => [field.value, field.checked]")
    await field.blur()
    shown.count = 1
    await expect(page.locator("#count")).to_have_text("1")
    assert await field.evaluate("(field) => [field.value, field.checked]") == kept


async def test_a_form_in_work_keeps_the_version_that_it_was_opened_with(page: Page, address: str, shown: Shown) -> None:
    """A colleague's change is shown, and the form is refused until its writer has seen it."""
    await opened(page, address)
    await page.locator("#panel summary").click()
    await page.get_by_label("Note", exact=True).fill("Mine")
    shown.version, shown.count = 7, 1
    await expect(page.locator("#count")).to_have_text("1")
    versions = page.locator("input[name=version]")
    assert await versions.evaluate_all("(all) => all.map((one) => one.value)") == ["1", "7"]
    await page.get_by_role("button", name="Add note").click()
    await expect(page.locator(".error-summary")).to_be_focused()
    await expect(page.get_by_label("Note", exact=True)).to_have_value("Mine")
    await page.get_by_role("button", name="Add note").click()
    await expect(page.locator(".toast")).to_contain_text("Note added")
    assert shown.sent == [{"note": "Mine", "version": "7"}]


async def test_one_stream_a_browser_and_none_while_no_page_is_seen(page: Page, address: str, shown: Shown) -> None:
    await opened(page, address)
    second = await page.context.new_page()

    async def no_stream() -> bool:
        return shown.streams == 0

    await second.goto(address + "/list")
    shown.count = 1
    for one in (page, second):
        await expect(one.locator("#count")).to_have_text("1")
    assert shown.streams == 1
    await hide(page, True)
    shown.count = 2
    await expect(second.locator("#count")).to_have_text("2")
    assert (shown.streams, await page.locator("#count").inner_text()) == (1, "1"), "the other has taken the stream over"
    await hide(second, True)
    await until(no_stream)
    shown.count = 3
    await hide(page, False)
    await expect(page.locator("#count")).to_have_text("3")
    assert shown.streams == 1
    await page.close()
    await hide(second, False)
    await expect(second.locator("#count")).to_have_text("3")


async def hide(page: Page, hidden: bool) -> None:
    """A headless browser sees all of its pages: what it would say of one is said for it."""
    await page.evaluate(
        """(hidden) => {
          Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


async def test_an_action_leaves_the_page_where_it_is(page: Page, address: str, shown: Shown) -> None:
    await opened(page, address)
    await page.evaluate("window.same = true")
    await page.locator("#other summary").click()
    await page.get_by_label("Owner", exact=True).fill("Half a na")
    button = page.get_by_role("button", name="Take it from here")
    await button.scroll_into_view_if_needed()
    at = await page.evaluate("scrollY")
    assert at > 300
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#notices[role=status]")).to_contain_text("Taken")
    await expect(button).to_be_focused()
    await expect(page.get_by_role("button", name="Take it", exact=True)).to_have_count(0)
    assert await page.evaluate("[window.same, history.length > 2, document.querySelector('#other').open]") == [
        True, False, True,
    ]  # fmt: skip
    assert abs(await page.evaluate("scrollY") - at) < 60
    await expect(page.get_by_label("Owner", exact=True)).to_have_value("Half a na")
    await page.get_by_role("button", name="Change owner").click()
    await expect(page.locator("#notices")).to_contain_text("Owner changed")
    assert shown.sent[-1] == {"owner": "Half a na", "version": "2"}, "their own change does not refuse their words"
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator(".toast")).to_have_count(0)
    assert (shown.undone, await page.evaluate("window.same")) == (1, True)


async def test_the_focus_is_never_lost(page: Page, address: str) -> None:
    await opened(page, address)
    await page.get_by_role("button", name="Take it", exact=True).click()
    await expect(page.locator("#notes")).to_be_focused()
    await page.locator("#panel summary").click()
    await page.get_by_label("Note", exact=True).fill("Words")
    await page.get_by_role("button", name="Add note").click()
    await expect(page.locator("#panel > summary")).to_be_focused()
    assert not await page.locator("#panel").evaluate("(panel) => panel.open"), "its form is done with"
    await expect(page.get_by_label("Note", exact=True)).to_have_value("")
    assert await page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('draft'))") == []


async def test_a_refused_form_has_the_focus_at_its_errors(page: Page, address: str) -> None:
    await opened(page, address)
    await page.locator("#panel summary").click()
    await page.get_by_role("button", name="Add note").click()
    await expect(page.locator(".error-summary")).to_be_focused()
    await expect(page.get_by_label("Note", exact=True)).to_have_attribute("aria-invalid", "true")
    assert page.url == address + "/list"
    await page.get_by_label("Note", exact=True).fill("Words")
    await page.get_by_role("button", name="Add note").click()
    await expect(page.locator(".error-summary")).to_have_count(0)


@pytest.mark.parametrize("status", [401, 500, 0])
async def test_what_cannot_be_taken_leaves_the_words_and_says_so(
    page: Page, address: str, shown: Shown, complaints: list[str], status: int
) -> None:
    await opened(page, address)
    await page.locator("#panel summary").click()
    await page.get_by_label("Note", exact=True).fill("Words")
    shown.refuses = status
    if not status:
        await page.route("**/note", lambda route: route.abort("connectionreset"))
    await page.get_by_role("button", name="Add note").click()
    said = "Nothing was saved" if status else "Check your connection"
    await expect(page.locator("#notices [role=alert]")).to_contain_text(said)
    await expect(page.get_by_label("Note", exact=True)).to_have_value("Words")
    if status:
        await expect(page.locator("#notices").get_by_role("link", name="Sign in")).to_be_visible()
    complaints[:] = [line for line in complaints if "Failed to fetch" not in line]


async def test_what_cannot_be_undone_asks_and_is_answered_in_place(page: Page, address: str, shown: Shown) -> None:
    await opened(page, address)
    await page.evaluate("window.same = true")
    for label, sent in (("Cancel", 0), ("Erase for good", 1)):
        await page.get_by_role("link", name="Erase", exact=True).click()
        await page.locator("#sure").get_by_role("button", name=label).click()
        await expect(page.locator("#sure")).to_be_hidden()
        await expect(page.locator(".toast")).to_have_count(sent)
    assert (len(shown.sent), await page.evaluate("window.same")) == (1, True)


async def test_back_leads_to_the_page_before(page: Page, address: str) -> None:
    await page.goto(address + "/cases")
    await opened(page, address)
    await page.get_by_role("button", name="Take it", exact=True).click()
    await expect(page.locator(".toast")).to_contain_text("Taken")
    await page.go_back()
    await expect(page).to_have_url(address + "/cases")
    await page.go_forward()
    await expect(page.get_by_role("button", name="Take it", exact=True)).to_have_count(0)


async def test_no_code_of_a_page_is_run(page: Page, address: str, complaints: list[str]) -> None:
    """Not even where a policy would let it: what evaluates is taken out of htmx."""
    await page.route("**/list", without_policy)
    await opened(page, address)
    await page.get_by_role("button", name="Code").click()
    await expect(page.locator("#count")).to_be_visible()
    assert await page.evaluate("window.ran") is None
    assert [line for line in complaints if "htmx runs no code that a page carries" in line] == complaints != []
    complaints.clear()


async def without_policy(route: Route) -> None:
    answer = await route.fetch()
    headers = {name: value for name, value in answer.headers.items() if name != "content-security-policy"}
    await route.fulfill(response=answer, headers=headers)
