"""The invented history follows from its seed, is marked as invented, and can be gone on with."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.cli.data import demo, demo_story
from deploy.embedded.process import claimed
from shared.features.codes import ROOT_CAUSES
from tests.serving import until
from tests.system.conftest import Site, site

__all__ = ["site"]
TODAY = datetime(2026, 3, 14, 12, tzinfo=UTC)


def test_the_same_seed_tells_the_same_story() -> None:
    assert demo_story.complaints(7, 40, TODAY) == demo_story.complaints(7, 40, TODAY)
    assert demo_story.mentions(7, 40, TODAY) == demo_story.mentions(7, 40, TODAY)


def test_what_is_said_follows_from_the_seed_whatever_the_day_and_the_number() -> None:
    """An Idempotency-Key stands for one content, so a run on the next day must repeat it."""

    def said(count: int, today: datetime) -> dict[str, dict[str, object]]:
        made = demo_story.complaints(7, count, today)
        return {one.key: {k: v for k, v in one.body.items() if k != "received_at"} for one in made}

    first, later = said(40, TODAY), said(80, TODAY + timedelta(days=9))
    assert first.items() <= later.items()


def test_another_seed_is_another_history() -> None:
    keys = [{one.key for one in demo_story.complaints(seed, 20, TODAY)} for seed in (1, 2)]
    assert not keys[0] & keys[1]


def test_everything_is_marked_as_invented_and_nothing_reaches_anybody() -> None:
    made, said = demo_story.complaints(7, 400, TODAY), demo_story.mentions(7, 60, TODAY)
    assert all([one.body["invented"] for one in made] + [one.body["invented"] for one in said])
    mails = [one.body["person"]["email"] for one in made if "email" in one.body["person"]]
    assert 0.3 * len(made) < len(mails) < 0.6 * len(made)
    assert all(re.fullmatch(r"[a-z0-9.-]+@example\.(org|com)", mail) for mail in mails)
    assert all(one.body["url"].split("/")[2].endswith(".example.com") for one in said)


def test_every_text_is_filled_in() -> None:
    made, said = demo_story.complaints(7, 400, TODAY), demo_story.mentions(7, 60, TODAY)
    texts = [one.body["narrative"] for one in made] + [one.body["text"] for one in said]
    assert not [text for text in texts if "{" in text or "}" in text]


def test_it_spans_a_year_and_lies_in_the_past() -> None:
    received = [datetime.fromisoformat(one.body["received_at"]) for one in demo_story.complaints(7, 400, TODAY)]
    assert received == sorted(received)
    assert received[-1] < TODAY
    assert timedelta(days=300) < TODAY - received[0] < timedelta(days=372)


def test_root_causes_are_on_the_firms_list() -> None:
    decisions = [d for one in demo_story.complaints(7, 400, TODAY) for d in one.decisions]
    assert {d["root_cause"] for d in decisions if d["root_cause"]} <= ROOT_CAUSES.keys()


async def test_it_fills_an_installation_refuses_a_second_time_and_goes_on(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RECOURSE_KAFKA", raising=False)
    with claimed(tmp_path):
        site.installation.write(tmp_path)

        async def run(*options: str) -> tuple[int, str]:
            words = ["--data", str(tmp_path), "--complaints", "12", *options]
            result = await asyncio.to_thread(CliRunner().invoke, demo.app, words)
            return result.exit_code, f"{result.output}{result.exception}"

        code, said = await run()
        assert code == 0, said
        assert "12 complaints, 1 mentions" in said
        code, said = await run()
        assert (code, "already" in said) == (1, True)
        code, said = await run("--more")
        assert code == 0, said

        async with site.client("leader") as client:
            promoted = sum(mention.promoted for mention in demo_story.mentions(7, 1, datetime.now(UTC)))

            async def all_open() -> bool:
                found = (await client.get("/api/v1/cases", params={"page[size]": 200})).json()["data"]
                return len(found) == 12 + promoted

            await until(all_open)
            cases = (await client.get("/api/v1/cases", params={"page[size]": 200})).json()["data"]
            assert sum(case["invented"] for case in cases) == 12
            assert {case["status"] for case in cases} >= {"closed"}
