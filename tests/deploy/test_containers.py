"""What compose.yaml and the gateway say is what the code says, and nothing stands open."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from deploy.cli.data import contracts
from deploy.services import SERVICES

ROOT = Path(__file__).parents[2]
GATEWAY = (ROOT / "deploy" / "caddy" / "Caddyfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
OURS = {name: COMPOSE["services"][name] for name in SERVICES}


def test_the_gateway_sends_each_path_to_its_owner() -> None:
    sent = {name: set(paths.split()) for name, paths in re.findall(r"@(\w+) path (.*)\n\thandle @\1", GATEWAY)}
    for name in ("inside", "published"):
        del sent[name]
    first = next(iter(SERVICES))
    wanted = {n: {p for path in s.paths for p in (path, f"{path}/*")} for n, s in SERVICES.items() if n != first}
    assert sent == wanted
    for name in SERVICES:
        handle = "handle" if name == first else f"handle @{name}"
        assert f"\t{handle} {{\n\t\tvars service {name}\n\t\treverse_proxy {name}:8000 {{" in GATEWAY


def test_only_the_gateway_can_be_reached_and_only_from_this_machine() -> None:
    published = {name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service}
    assert list(published) == ["gateway"]
    assert all(port.startswith("127.0.0.1:") for port in published["gateway"])
    assert "servers" not in COMPOSE["services"]["gateway"]["networks"]
    for name in ("kafka", "postgres"):
        assert COMPOSE["services"][name]["networks"] == ["servers"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_given_its_own_database_and_no_other_password(name: str) -> None:
    service = OURS[name]
    assert service["command"] == ["serve", name, "--host", "0.0.0.0", "--port", "8000"]  # noqa: S104
    assert f"recourse_{name}@postgres/recourse_{name}" in service["environment"]["RECOURSE_POSTGRES"]
    sources = [secret["source"] if isinstance(secret, dict) else secret for secret in service["secrets"]]
    assert [source for source in sources if source.startswith("postgres")] == [f"postgres-{name}"]


@pytest.mark.parametrize("name", [*SERVICES, "prepare", "recourse"])
def test_every_container_of_ours_has_few_rights(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]


def test_every_long_running_container_is_watched_and_comes_back() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    assert dockerfile.count("HEALTHCHECK") == 2
    for name, service in COMPOSE["services"].items():
        if name not in ("prepare", "recourse"):
            assert service["restart"] == "unless-stopped", name
            assert "healthcheck" in service or "build" in service, name


def test_the_base_of_the_images_fits_the_code() -> None:
    minimum = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    found = re.search(r"python:(3\.\d+)-slim", (ROOT / "deploy" / "Dockerfile").read_text())
    assert found
    assert [int(n) for n in found[1].split(".")] >= [int(n) for n in minimum.removeprefix(">=").split(".")]


def test_the_api_is_described_without_a_running_installation() -> None:
    printed = CliRunner().invoke(contracts.app, ["openapi"])
    assert printed.exit_code == 0, printed.exception
    owned = {path.split("/")[3] for path in json.loads(printed.stdout)["paths"] if path.startswith("/api/v1/")}
    assert owned >= {path.split("/")[3] for s in SERVICES.values() for path in s.paths if path.startswith("/api/v1/")}


@pytest.mark.parametrize("name", SERVICES)
def test_what_operators_may_set_reaches_the_services(name: str) -> None:
    free = ("LIMITS", "SEAL_EVERY", "SESSION_MINUTES", "SESSION_HOURS", "LINK_DAYS", "BODY_MEGABYTES", "PURGE_WINDOW")
    given = OURS[name]["environment"]
    assert {given[f"RECOURSE_{one}"] for one in free} == {f"${{RECOURSE_{one}:-}}" for one in free}
