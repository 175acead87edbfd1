"""The pages of the seal: what was sealed, sealing now, and evidence to take away, with and without a key."""

import re
from collections.abc import AsyncIterator, Callable
from html import unescape

import pytest_asyncio

from services.reporting.app import build
from services.reporting.audit.check import check
from shared.events.cases import CaseOpened
from tests.pages.checks import axe, overflow
from tests.reporting.audit.sealed_log import Log, serve_log
from tests.reporting.browsing import HOME, browsing, picture
from tests.scenarios.reporting import case
from tests.serving import Served, serve, settings, until

HTML = {"accept": "text/html"}


@pytest_asyncio.fixture(scope="module")
async def log(kafka: str, postgres: Callable[[str], str]) -> AsyncIterator[Log]:
    async with serve_log(kafka, postgres) as served:
        yield served


@pytest_asyncio.fixture(scope="module")
async def written(log: Log) -> Served:
    """With one case in the log, and in the trail."""
    await log.write(1)

    async def heard() -> bool:
        async with log.reporting.runtime.pool.connection() as conn:
            row = await (
                await conn.execute("select count(*) from trail where topic = %s", [CaseOpened.topic])
            ).fetchone()
        return bool(row and row[0] == 4)

    await until(heard, 90)
    return log.reporting


async def test_before_the_first_checkpoint_the_page_says_so(log: Log) -> None:
    async with log.reporting.client("auditor", **HTML) as client:
        page = (await client.get("/audit/checkpoints")).text
    assert "No checkpoints yet" in page
    assert "A checkpoint is created every 60 minutes" in page
    assert "Create a checkpoint now" in page


async def test_the_log_is_sealed_from_the_page_and_the_text_is_kept(written: Served) -> None:
    async with written.client("auditor", **HTML) as client:
        page = (await client.get("/audit/checkpoints")).text
        sealed = await client.post("/audit/checkpoints", data={"csrf": csrf(page)})
        assert (sealed.status_code, sealed.headers["location"]) == (303, "/audit/checkpoints")
        page = unescape((await client.get("/audit/checkpoints")).text)
        note = await client.get("/audit/checkpoints/1.txt")
        (key,) = re.findall(r"<code>(localhost:8000\+\S+)</code>", page)
        assert "is signed" in check(note.text, [key])[0]
        assert note.headers["content-disposition"] == 'attachment; filename="checkpoint-1.txt"'
        assert (await client.get("/audit/checkpoints/999.txt")).status_code == 404
        assert "def check_bundle" in (await client.get("/audit/check.py")).text
        refused = await client.post("/audit/checkpoints", data={"csrf": "x"})
        assert refused.status_code == 403
    async with written.client("leader", **HTML) as leader:
        page = (await leader.get("/audit/checkpoints")).text
        assert "Create a checkpoint now" not in page
        assert (await leader.post("/audit/checkpoints", data={"csrf": csrf(page)})).status_code == 403
    async with written.client("handler", **HTML) as handler:
        assert (await handler.get("/audit/checkpoints")).status_code == 403


def csrf(page: str) -> str:
    return str(re.findall(r'name="csrf" value="([^"]+)"', page)[0])


async def test_the_trail_offers_its_evidence(written: Served) -> None:
    async with written.client("auditor", **HTML) as client:
        page = (await client.get(f"/audit/{case(1)}")).text
        assert "Download evidence" in page
        sent = await client.post(f"/audit/{case(1)}/evidence", data={"csrf": csrf(page)})
        assert sent.headers["content-disposition"] == f'attachment; filename="evidence-{case(1)}.json"'
        assert check(sent.text, [sent.json()["key"]])[0].startswith("Proved: 4 events")


async def test_without_a_key_the_page_says_what_to_set(kafka: str, postgres: Callable[[str], str]) -> None:
    given = await settings(kafka, postgres("reporting"))
    async with serve(build, given) as reporting, reporting.client("auditor", **HTML) as client:
        page = (await client.get("/audit/checkpoints")).text
    assert "RECOURSE_SEAL_KEY" in page
    assert "Create a checkpoint now" not in page


async def test_the_page_is_open_to_everybody_and_fits_a_phone(written: Served) -> None:
    async with browsing(written, "auditor") as page:
        await page.goto(f"{HOME}/audit/checkpoints")
        await picture(page, "reporting-checkpoints")
        assert await axe(page) == []
        await page.set_viewport_size({"width": 360, "height": 740})
        assert await overflow(page) == []
        async with page.expect_download() as downloading:
            await page.goto(f"{HOME}/audit/{case(1)}")
            await page.get_by_role("button", name="Download evidence").click()
        assert (await downloading.value).suggested_filename == f"evidence-{case(1)}.json"
