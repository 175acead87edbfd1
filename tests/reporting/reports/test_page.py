"""The pages of the running service, read as a browser without scripts gets them."""

import csv
import io
import re
from html import unescape
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest

from services.reporting.reports.listing import DIMENSIONS
from tests.drawn import Drawn, bars, points
from tests.scenarios.reporting import PERSON, at, case
from tests.serving import Served

HTML = {"accept": "text/html"}


def marks(page: str) -> list[Drawn]:
    """The bars or points of both charts."""
    return [one for chart in bars(page) + points(page) for one in chart]


async def test_every_question_has_a_page_whose_marks_lead_to_cases(reporting: Served) -> None:
    async with reporting.client("handler", **HTML) as client:
        titles = {
            "product": "What are they about?", "channel": "Where do complaints come from?",
            "outcome": "How do they end?", "cause": "Why do they happen?", "month": "How many over time?",
        }  # fmt: skip
        for by, title in titles.items():
            page = await client.get("/reports", params={"by": by})
            assert (page.status_code, f"<h1>{title}</h1>" in page.text) == (200, True)
        found = unescape((await client.get("/reports?by=channel&from=2026-01-01")).text)
        assert "/reports/complaints?by=channel&from=2026-01-01&channel=phone&main=true" in found
        as_at = unescape((await client.get(f"/reports?by=outcome&as_at={at(3.5):%Y-%m-%dT%H:%M:%SZ}")).text)
        assert "What was known at 14 March 2026, 12:30:00 UTC" in as_at
        assert "Partly upheld" in as_at
        assert "No complaints yet" not in (await client.get("/reports?product=none")).text
        assert "No results" in (await client.get("/reports?product=none")).text


@pytest.mark.parametrize(
    "narrowed", ["", "&from=2026-01-01&channel=phone", "&outcome=-", f"&as_at={at(3.5):%Y-%m-%dT%H:%MZ}"]
)
@pytest.mark.parametrize("by", DIMENSIONS)
async def test_a_mark_opens_as_many_rows_as_it_counts(reporting: Served, by: str, narrowed: str) -> None:
    async with reporting.client("handler", **HTML) as client:
        counted = {one.href: one.value for one in marks((await client.get(f"/reports?by={by}{narrowed}")).text)}
        assert sum("main=true" in href for href in counted) == len(counted) / 2 > 0
        for href, number in counted.items():
            page = (await client.get(href)).text
            sheet = (await client.get(href.replace("/complaints?", "/complaints.csv?"))).text
            assert page.count('<tr><th scope="row">') == number, href
            assert len(list(csv.DictReader(io.StringIO(sheet)))) == number, href
            assert ("One row per complaint" in page) == ("main=true" in href)
            params = dict(parse_qsl(urlsplit(href).query))
            total = (await client.get("/api/v1/reports/counts", params=params)).json()["total"]
            assert total["aspects"] == number, href


async def test_a_stored_noncharacter_is_drawn_as_the_replacement_character(reporting: Served) -> None:
    async with reporting.client("handler", **HTML) as client:
        page = (await client.get("/reports?by=product")).text
    for chart in re.findall(r"<figure.*?</figure>", page, re.S):
        assert "\ufffe" not in unescape(chart)
    assert "+Card\ufffd" in [mark.label for mark in marks(page)]


@pytest.mark.parametrize("by", DIMENSIONS)
async def test_the_way_back_leads_to_the_report_as_it_was(reporting: Served, by: str) -> None:
    async with reporting.client("handler", **HTML) as client:
        report = f"/reports?by={by}&from=2026-01-01&as_at=2026-03-14T20:00:00Z"
        found = marks((await client.get(report)).text)
        assert found
        for mark in found:
            page = (await client.get(mark.href)).text
            back = re.search(r'<a href="([^"]+)">Back to the report', page)
            assert back
            assert parse_qsl(urlsplit(unescape(back[1])).query) == parse_qsl(urlsplit(report).query)


@pytest.mark.parametrize("by", DIMENSIONS)
async def test_both_charts_have_every_figure_on_one_scale(reporting: Served, by: str) -> None:
    async with reporting.client("handler", **HTML) as client:
        page = (await client.get(f"/reports?by={by}")).text
        counted = (await client.get("/api/v1/reports/counts", params={"by": by})).json()
    drawn = points(page) if by == "month" else bars(page)
    for chart, count in zip(drawn, ("complaints", "aspects"), strict=True):
        assert sorted(one.value for one in chart) == sorted(group[count] for group in counted["data"])
        assert all(f"&{by}=" in one.href and one.href.startswith("/reports/complaints?") for one in chart)
    longest = max(one.size / one.value for chart in drawn for one in chart if one.value)
    assert all(one.size == pytest.approx(one.value * longest, abs=0.01) for chart in drawn for one in chart)
    assert by == "month" or max(one.size for chart in drawn for one in chart) == 100


async def test_a_month_that_narrows_a_report_can_be_seen_and_taken_away(reporting: Served) -> None:
    async with reporting.client("handler", **HTML) as client:
        narrowed = (await client.get("/reports?by=channel&month=2026-03")).text
        assert '<option value="2026-03" selected>Mar 2026</option>' in narrowed
        assert 'type="hidden" name="month"' not in narrowed
        assert 'name="month"' not in (await client.get("/reports?by=channel")).text


async def test_the_complaints_behind_a_figure_are_listed_and_paged(reporting: Served) -> None:
    async with reporting.client("handler", **HTML) as client:
        first = await client.get("/reports/complaints?by=product&page[size]=2")
        assert first.text.count("REF2-AAAA</a>") == 2
        (following,) = re.findall(r'rel="next" href="([^"]+)"', first.text)
        rest = await client.get(unescape(following))
        assert "REF1-AAAA</a>" in rest.text
        assert "REF2-AAAA</a>" not in rest.text


async def test_the_trails_behind_a_figure_are_offered_to_those_whom_they_open(reporting: Served) -> None:
    for role in ("handler", "auditor"):
        async with reporting.client(role, **HTML) as client:
            page = (await client.get("/reports/complaints")).text
            trail = await client.get(f"/audit/{case(1)}")
            assert (f'href="/audit/{case(1)}"' in page) == (trail.status_code == 200) == (role == "auditor")


async def test_the_download_says_what_the_page_says_and_is_safe(reporting: Served) -> None:
    async with reporting.client("handler") as client:
        sent = await client.get("/reports/complaints.csv?channel=phone")
        assert sent.headers["content-disposition"] == 'attachment; filename="complaints.csv"'
        rows = list(csv.DictReader(io.StringIO(sent.text)))
        assert {(row["reference"], row["organisation"], row["product"]) for row in rows} == {
            ("REF2-AAAA", "'=Bank", ""), ("REF2-AAAA", "'=Bank", "'+Card\ufffe"),
        }  # fmt: skip


@pytest.mark.parametrize("as_at", ["", f"as_at={at(20):%Y-%m-%dT%H:%MZ}"])
async def test_demonstration_data_are_marked_as_such(reporting: Served, as_at: str) -> None:
    async with reporting.client("handler", **HTML) as client:
        sheet = csv.DictReader(io.StringIO((await client.get(f"/reports/complaints.csv?{as_at}")).text))
        assert {(row["reference"], row["invented"]) for row in sheet} == {("REF1-AAAA", "no"), ("REF2-AAAA", "yes")}
        page = (await client.get(f"/reports/complaints?{as_at}")).text
        rows = re.findall(r'<tr><th scope="row">.*?</th>', page)
        assert ["Demonstration" in row for row in rows] == ["REF2" in row for row in rows] == [True, True, False]


async def test_a_reference_or_an_id_opens_the_trail(reporting: Served) -> None:
    async with reporting.client("auditor", **HTML) as client:
        for q in ("REF1-AAAA", "ref1 aaaa", str(case(1))):
            assert (await client.get("/audit", params={"q": q})).headers["location"] == f"/audit/{case(1)}"
        for q in ("REF9-AAAA", str(UUID(int=404)), "\0", "é" * 8, "' or 1=1"):
            page = await client.get("/audit", params={"q": q})
            assert (page.status_code, "No events found" in page.text) == (404, True), q
        latest = (await client.get("/audit")).text
        assert "recourse audit verify" in latest
        assert "Person erased: their key is destroyed (Article 17)" in latest


async def test_the_trail_names_causes_and_opens_raw_events(reporting: Served) -> None:
    async with reporting.client("auditor", **HTML) as client:
        page = (await client.get(f"/audit/{case(1)}")).text
        assert "What happened to REF1-AAAA?" in page
        assert "Aspect decided: partly upheld (refund, 12.50, GBP, Training)" in page
        assert page.count("<details><summary>") >= 17
        rows = {int(number): words for number, words in re.findall(r'id="event-(\d+)".*?<summary>(.*?)<', page, re.S)}
        causes = dict(re.findall(r'id="event-(\d+)".*?data-label="Cause">(?:<a href="#event-(\d+)")?', page, re.S))
        (opened,) = [number for number, words in rows.items() if words.startswith("Case opened")]
        assert rows[int(causes[str(opened)])].startswith("Complaint REF1-AAAA received")
        assert unescape(page).count('"box": "sealed"') >= 8
        assert str(PERSON) in page
        for word in ("Ada", "lost my letter"):
            assert word not in page


async def test_the_trail_goes_back_to_any_moment(reporting: Served) -> None:
    async with reporting.client("auditor", **HTML) as client:
        moved = await client.get(f"/audit/{case(1)}?upto=0")
        assert moved.headers["location"] == f"/audit/{case(1)}?as_at=2026-03-14T07:00:00Z"
        early = await client.get(f"/audit/{case(1)}?as_at=2026-03-14T06:00")
        assert "Nothing was recorded by then" in early.text
        middle = (await client.get(f"/audit/{case(1)}?as_at=2026-03-14T10:00")).text
        assert "Aspect assigned" in middle
        assert "Case closed" not in middle
        assert 'value="2026-03-14T10:00:00"' in middle
        assert (await client.get(f"/audit/{UUID(int=404)}")).status_code == 404
        assert (await client.get("/audit/nonsense")).status_code == 422
        assert (await client.get(f"/audit/{case(1)}?as_at=soon")).status_code == 422
