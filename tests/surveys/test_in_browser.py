"""The pages as a browser lays them out: nobody is shut out, nothing is cut off, no word is lost."""

from tests.pages.checks import axe, overflow
from tests.reporting.browsing import HOME, browsing, picture
from tests.scenarios.surveys import ask
from tests.serving import Served


async def test_a_person_answers_on_a_phone_and_corrects_what_is_missing(surveys: Served) -> None:
    link = await ask(surveys, 21)
    async with browsing(surveys, None) as page:
        await page.set_viewport_size({"width": 360, "height": 740})
        await page.goto(HOME + link)
        await picture(page, "surveys-answer")
        assert (await axe(page), await overflow(page)) == ([], [])
        await page.get_by_label("Very easy").check()
        await page.get_by_label("What should we do better next time?").fill("Write sooner")
        await page.get_by_role("button", name="Send my answers").click()
        assert "There is a problem" in await page.inner_text("main")
        await picture(page, "surveys-errors")
        assert (await axe(page), await overflow(page)) == ([], [])
        assert await page.get_by_label("Very easy").is_checked()
        for answer in ("Very fairly", "Unclear", "Too slowly"):
            await page.get_by_label(answer, exact=True).check()
        await page.get_by_role("button", name="Send my answers").click()
        assert "Thank you" in await page.inner_text("main")
        assert await axe(page) == []
        await page.goto(HOME + link)
        assert "You have answered this survey" in await page.inner_text("main")


async def test_results_are_open_to_everybody_and_fit_a_phone(surveys: Served) -> None:
    await ask(surveys, 22)
    async with browsing(surveys, "leader") as page:
        for name, address in (("results", "/surveys"), ("responses", "/surveys/responses")):
            await page.set_viewport_size({"width": 1280, "height": 900})
            await page.goto(HOME + address)
            await picture(page, f"surveys-{name}")
            assert await axe(page) == []
            await page.set_viewport_size({"width": 360, "height": 740})
            assert await overflow(page) == []
