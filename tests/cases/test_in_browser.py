"""The case page as a browser lays it out: what cannot be taken back asks first."""

import re

import pytest
from playwright.async_api import expect

from tests.cases.conftest import Receive
from tests.forms import primary, send
from tests.pages.checks import axe, overflow
from tests.reporting.browsing import HOME, browsing, picture
from tests.serving import Served

WITHIN = """(dialog) => {
  const { left, right } = dialog.querySelector("h2").getBoundingClientRect();
  return [...dialog.querySelectorAll("button")].map((button) => button.getBoundingClientRect())
    .every((box) => box.left >= left && box.right <= right);
}"""


async def test_closing_asks_first_as_it_writes_to_the_customer(cases: Served, receive: Receive) -> None:
    case_id = await receive()
    at = f"/cases/{case_id}"
    async with cases.client("handler", accept="text/html") as client:
        new = (await client.get(at)).text
        await send(client, f"{at}/aspects/{primary(case_id)}/resolution", form_name="resolution-1", outcome="withdrawn")
    assert "data-dialog" not in new, "nothing is sent while an aspect is to be decided"
    async with browsing(cases, "handler") as page:
        await page.goto(HOME + at)
        asked = page.get_by_role("dialog", name="Close this case?")
        for width in (360, 1280):
            await page.set_viewport_size({"width": width, "height": 800})
            await page.get_by_role("button", name="Close case").click()
            await expect(asked).to_contain_text("gets an email straight away")
            assert await axe(page) == []
            assert await overflow(page) == []
            assert await asked.evaluate(WITHIN), "no button leaves the column of the words"
            await picture(page, f"cases-closing-{width}")
            await asked.get_by_role("button", name="Cancel").click()
            await expect(asked).to_be_hidden()
            await expect(page.get_by_role("button", name="Reopen case")).to_have_count(0)
        await page.get_by_role("button", name="Close case").click()
        await asked.get_by_role("button", name="Close and email the customer").click()
        await expect(page.get_by_role("button", name="Reopen case")).to_be_visible()


async def test_closing_asks_nobody_where_nothing_is_sent(cases: Served, receive: Receive) -> None:
    case_id = await receive(email=False)
    at = f"/cases/{case_id}"
    async with cases.client("handler", accept="text/html") as client:
        await send(client, f"{at}/aspects/{primary(case_id)}/resolution", form_name="resolution-1", outcome="withdrawn")
        decided = (await client.get(at)).text
    assert re.search(r'button-primary" type="submit" id="f-closing-closing"', decided)
    assert "data-dialog" not in decided


@pytest.mark.parametrize("width", [390, 1280])
async def test_a_case_is_worked_in_place(cases: Served, receive: Receive, width: int) -> None:
    at = f"/cases/{await receive()}"
    async with browsing(cases, "handler") as page:
        await page.set_viewport_size({"width": width, "height": 800})
        await page.goto(HOME + at)
        await page.evaluate("window.same = true")
        await page.keyboard.press("n")
        await expect(page.locator("#f-notes-text")).to_be_focused()
        await page.locator("#f-notes-text").fill("She was called twice.")
        await picture(page, f"cases-before-{width}", full=False)
        await page.locator("#classification-1 > summary").click()
        await page.get_by_role("button", name="Assign to me").click()
        await expect(page.get_by_role("status", name="Notices")).to_contain_text("Assigned to you")
        await expect(page.locator("#aspect-1")).to_be_focused()
        await expect(page.locator("#f-notes-text")).to_have_value("She was called twice.")
        assert await page.locator("#classification-1").evaluate("(panel) => panel.open"), "what is open stays open"
        await picture(page, f"cases-after-{width}", full=False)
        await page.get_by_role("button", name="Undo").click()
        await expect(page.get_by_role("button", name="Assign to me")).to_be_visible()
        note = page.get_by_role("button", name="Add note")
        await note.scroll_into_view_if_needed()
        await note.click()
        await expect(page.locator("#timeline")).to_contain_text("She was called twice.")
        await expect(note).to_be_focused()
        await expect(page.locator("#f-notes-text")).to_have_value("")
        await note.click()
        await expect(page.locator(".error-summary")).to_be_focused()
        await picture(page, f"cases-refused-{width}", full=False)
        assert await axe(page) == []
        assert await overflow(page) == []
        assert await page.evaluate("window.same")


@pytest.mark.parametrize("width", [390, 1280])
async def test_a_template_is_inserted_at_the_cursor(cases: Served, receive: Receive, width: int) -> None:
    at = f"/cases/{await receive(product=None)}"
    async with browsing(cases, "handler") as page:
        await page.set_viewport_size({"width": width, "height": 800})
        await page.goto(HOME + at)
        await page.keyboard.press("r")
        subject, body, template = (
            page.locator(f"#f-{name}") for name in ("replies-subject", "replies-body", "templates-template")
        )
        await expect(subject).to_be_focused()
        await body.fill("As you said. ")
        await template.select_option("progress-update")
        await page.get_by_role("button", name="Insert").click()
        await expect(page.locator("#f-templates .field-error")).to_contain_text("This template needs the product")
        await expect(template).to_be_focused()
        await expect(body).to_have_value("As you said. ")
        assert await axe(page) == []
        await template.select_option("contact-details")
        await page.get_by_role("button", name="Insert").click()
        await expect(subject).to_have_value("We have confirmed your contact details")
        await expect(body).to_have_value(re.compile("^As you said. Dear Amal Haddad,\n.*Handler$", re.DOTALL))
        await expect(body).to_be_focused()
        await expect(page.locator("#f-templates .field-error")).to_have_count(0)
        await picture(page, f"cases-template-{width}", full=False)
        assert await overflow(page) == []
        await page.get_by_role("button", name="Assign to me").click()
        await expect(page.get_by_role("status", name="Notices")).to_contain_text("Assigned to you")
        await expect(body).to_have_value(re.compile("^As you said. Dear"))
        assert page.url == HOME + at, "an address with a template would insert it again"
