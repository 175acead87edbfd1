"""Each alert says what to do, has been shown to speak, and asks for what a running service tells."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from deploy.services import SERVICES
from tests.serving import serve, settings, until

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
RULES: list[dict[str, Any]] = yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"][0]["rules"]
BY_PROMETHEUS = {"up"}


def test_each_alert_says_what_it_means_and_leads_to_what_to_do() -> None:
    page = (ROOT / "docs" / "operator.md").read_text()
    headings = {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in re.findall(r"^#+ (.+)$", page, re.M)}
    for rule in RULES:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
        file, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert file == "docs/operator.md"
        assert anchor in headings, rule["alert"]


def test_each_alert_is_shown_to_speak_and_to_be_silent() -> None:
    spoke: set[str] = set()
    silent: set[str] = set()
    for test in yaml.safe_load((FOLDER / "rules.test.yml").read_text())["tests"]:
        for expected in test["alert_rule_test"]:
            (spoke if expected["exp_alerts"] else silent).add(expected["alertname"])
    names = {rule["alert"] for rule in RULES}
    assert spoke == names
    assert silent == names


def test_prometheus_asks_every_service() -> None:
    [job] = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
    assert job["static_configs"][0]["targets"] == [f"{name}:8000" for name in SERVICES]


async def test_a_running_service_tells_what_the_alerts_ask_for(kafka: str, postgres: Callable[[str], str]) -> None:
    """Waited for: metrics are of the process, and another test's service may have left its own there."""
    asked = {name for rule in RULES for name in re.findall(r"\b(?:recourse_\w+|up)\b", str(rule["expr"]))}
    samples = {
        'recourse_behind_records{consumer="cases.relay"} 0.0', 'recourse_still_seconds{consumer="cases.relay"} 0.0',
        'recourse_ready{service="cases"} 1.0', 'recourse_server_answers{server="kafka",service="cases"} 1.0',
        'recourse_server_answers{server="postgres",service="cases"} 1.0', 'recourse_http_requests_total{status="2xx"}',
        "recourse_disk_free_ratio 0.",
    }  # fmt: skip
    given = await settings(kafka, postgres("alerts"))
    async with serve(SERVICES["cases"].build, given) as served, served.client() as client:

        async def told() -> str:
            text = (await client.get("/metrics")).text
            return text if all(sample in text for sample in samples) else ""

        await client.get("/health/live")
        text = await until(told, 60)
    assert {name for name in asked - BY_PROMETHEUS if f"# TYPE {name} " not in text} == set()
