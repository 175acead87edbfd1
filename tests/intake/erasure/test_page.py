"""The page of a person's data: what requires it, a hold set and lifted, and erasing, by those who may."""

from playwright.async_api import expect

from tests.intake.erasure.test_erasure import complain
from tests.pages.checks import axe, overflow
from tests.reporting.browsing import HOME, browsing, picture
from tests.serving import Served

HTML = {"accept": "text/html"}


async def person_of(intake: Served, **more: object) -> str:
    async with intake.client("compliance") as client:
        return f"/intake/people/{await complain(client, **more)}"


async def test_compliance_holds_lifts_and_erases(intake: Served) -> None:
    at = await person_of(intake)
    async with browsing(intake, "compliance") as page:
        await page.goto(f"{HOME}{at}")
        await expect(page.locator("main")).to_contain_text("1 complaint keeps its dates")
        await page.get_by_label("Hold until").fill("2999-01-01")
        await page.get_by_label("Why", exact=True).fill("Proceedings")
        await page.get_by_role("button", name="Hold").click()
        await expect(page.locator("main")).to_contain_text("A hold on this person")
        await page.get_by_text("Erase", exact=True).click()
        await page.get_by_label("Legal basis").fill("GDPR Article 17")
        await picture(page, "intake-person")
        assert await axe(page) == []
        await page.set_viewport_size({"width": 360, "height": 740})
        assert await overflow(page) == []
        await picture(page, "intake-person-phone")
        await page.get_by_role("button", name="Request erasure").click()
        await expect(page.locator("main")).to_contain_text("This happens automatically on 1 January 2999")
        await page.get_by_text("Lift the hold").first.click()
        await page.get_by_label("Reason for lifting the hold").fill("Settled")
        await page.get_by_role("button", name="Lift the hold").click()
        await expect(page.locator("main")).not_to_contain_text("A hold on this person")
        await page.get_by_text("Erase", exact=True).click()
        await page.get_by_label("Legal basis").fill("GDPR Article 17")
        await page.get_by_label("Reason for override").fill("Withdrawn, no duty left")
        await page.get_by_role("button", name="Request erasure").click()
        await expect(page.locator("main")).to_contain_text("There is nothing left to keep")
        await picture(page, "intake-person-erased")
        assert await page.get_by_role("button", name="Hold").count() == 0


async def test_what_was_not_filled_in_is_asked_for_and_nothing_is_done(intake: Served) -> None:
    at = await person_of(intake, received_at="2015-03-14T09:30:00Z")
    async with browsing(intake, "compliance") as page:
        await page.goto(f"{HOME}{at}")
        await expect(page.locator("main")).to_contain_text("They can be erased today")
        await page.get_by_label("Hold until").fill("2020-01-01")
        await page.get_by_label("Why", exact=True).fill("Proceedings")
        await page.get_by_role("button", name="Hold").click()
        await expect(page.locator(".error-summary a")).to_have_text("Enter a date after today.")
        assert await page.get_by_label("Why", exact=True).input_value() == "Proceedings"
        await page.get_by_text("Erase", exact=True).click()
        await page.get_by_role("button", name="Erase permanently").click()
        await expect(page.locator(".error-summary a")).to_have_text("Enter a reason of 200 characters or fewer")
        await picture(page, "intake-person-refused")
    async with intake.client("compliance") as client:
        assert (await client.get(f"/api/v1/people/{at.rpartition('/')[2]}/erasure")).json()["state"] == "known"


async def test_without_the_right_to_hold_nothing_is_set_aside(intake: Served) -> None:
    at = await person_of(intake)
    async with browsing(intake, "admin") as page:
        await page.goto(f"{HOME}{at}")
        text = await page.inner_text("main")
    assert "Their data is required until" in text
    assert "Set a hold" not in text
    assert "Reason for override" not in text
    async with intake.client("handler", **HTML) as client:
        assert (await client.get(at)).status_code == 403
    async with intake.client("compliance", **HTML) as client:
        assert (await client.get("/intake/people/00000000-0000-4000-8000-000000000000")).status_code == 404


async def test_a_key_that_is_destroyed_without_an_event_is_said_to_be(intake: Served) -> None:
    """As after a restore to before the erasure: nothing holds them, and they may be erased again."""
    at = await person_of(intake)
    async with intake.client("compliance", **HTML) as client:
        assert "Their key is destroyed" not in (await client.get(at)).text
        async with intake.runtime.pool.connection() as conn:
            await conn.execute("update keys set wrapped = null where person_id = %s", [at.rpartition("/")[2]])
        page = (await client.get(at)).text
    assert "Their key is destroyed" in page
    assert "There is nothing left to keep." in page
    assert "Erase permanently" in page
    assert "DISP" not in page
