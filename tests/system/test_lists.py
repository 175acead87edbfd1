"""A firm's own channel, outcome and alert: offered, taken, carried by events and counted, and no contract is broken."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.cli.command import app
from shared.features import config
from shared.features.codes import FOLDER
from tests.contracts.test_events import PUBLISHED
from tests.system.conftest import Site
from tests.system.test_life import decided, received, seen

ADDED = {
    "channels.toml": 'branch = {label = "branch visit", staff = true}\n',
    "outcomes.toml": 'settled = "settled amicably"\n',
    "alerts.toml": 'fury = "customer is furious"\n',
}
RULES = """
[[rules]]
when = "heat == 'red' && score < -0.5"
reason = "Very harsh words"
alert = "fury"
"""


@pytest.fixture
def firm(tmp_path: Path, site: Site) -> Iterator[Path]:
    """The folder of a firm; `site` runs on it until the test ends."""
    for name, line in ADDED.items():
        (tmp_path / name).write_text((FOLDER / name).read_text() + line)
    (tmp_path / "alert_rules.toml").write_text(RULES)
    config.use(tmp_path)
    yield tmp_path
    config.use(None)


def test_the_folder_is_right_and_breaks_no_contract(firm: Path) -> None:
    for command in (["config", "check", str(firm)], ["contracts", "check", str(PUBLISHED)]):
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output


async def test_what_a_firm_adds_is_offered_taken_carried_and_counted(firm: Path, site: Site) -> None:
    async with site.client("machine") as client, site.client("leader") as leader:
        leader.headers["Accept"] = "text/html"
        assert '<option value="branch">Branch visit</option>' in (await leader.get("/complain")).text
        case = (await received(client, "I am furious. This is the worst, most terrible bank.", channel="branch"))["id"]
        found = await seen(client, f"/api/v1/cases/{case}", lambda body: body["alert"] == "fury")
        assert (found["channel"], found["priority"]) == ("branch", "normal")
        page = (await leader.get(f"/cases/{case}")).text
        assert [said in page for said in ("Customer is furious", 'value="settled"', "Branch visit")] == [True] * 3
        aspect = found["aspects"][0]["aspect_id"]
        refused = await decided(client, case, aspect, "shrugged")
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["at"] == "body/outcome"
        assert refused.json()["errors"][0]["what"].startswith("Choose one of: upheld, ")
        assert refused.json()["errors"][0]["what"].endswith(", settled")
        assert (await decided(client, case, aspect, "settled")).status_code == 200
        trail = await seen(client, f"/api/v1/audit/{case}", lambda body: "resolved" in str(body))
        said = {row["name"]: row["what"] for row in trail["data"]}
        assert said["case.aspect-resolved.v2"] == "Aspect decided: settled amicably (delay)"
        assert said["case.alert-raised.v2"].startswith("Alert raised: customer is furious (Very harsh words (-")
        for by, code, label in (("channel", "branch", "Branch visit"), ("outcome", "settled", "Settled amicably")):
            counted = (await client.get(f"/api/v1/reports/counts?by={by}")).json()["data"]
            assert {"value": code, "complaints": 1, "aspects": 1} in counted
            assert label in (await leader.get(f"/reports?by={by}")).text


async def test_a_code_that_is_no_more_on_a_list_is_shown_as_it_is(site: Site, firm: Path) -> None:
    async with site.client("machine") as client, site.client("leader") as leader:
        case = (await received(client, "A letter was lost.", channel="branch"))["id"]
        await seen(client, f"/api/v1/cases/{case}")
        config.use(None)
        leader.headers["Accept"] = "text/html"
        assert "<dt>Channel</dt><dd>branch</dd>" in (await leader.get(f"/cases/{case}")).text
        assert "branch" in (await leader.get("/reports?by=channel")).text
        trail = await seen(client, f"/api/v1/audit/{case}", lambda body: "case.opened" in str(body))
        assert any(row["what"].endswith("received (branch) (Credit card)") for row in trail["data"])
        again = {"narrative": "Again.", "channel": "branch"}
        refused = await client.post("/api/v1/complaints", json=again, headers={"Idempotency-Key": "again"})
        assert (refused.status_code, "body/channel: Choose one of: web, email" in refused.text) == (422, True)
