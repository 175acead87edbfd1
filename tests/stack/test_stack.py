"""The stack as an operator runs it: the journey, a crash of each container in turn, and what must stay shut."""

import asyncio
import json
import os
import secrets
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser

from deploy.services import SERVICES
from tests.serving import until
from tests.stack.compose import Stack
from tests.system.journey import Axe, Place, whole_life

Running = tuple[Stack, Place]
SERVERS = ("kafka", "postgres")


@pytest.fixture(scope="session")
def token(stack: Running) -> str:
    return stack[0].recourse("token", "create", "--role", "machine").split()[-1]


async def test_the_whole_life(stack: Running, browser: Browser, axe: Axe) -> None:
    await whole_life(stack[1], browser, axe)


@pytest.mark.parametrize("server", SERVERS)
async def test_a_server_that_crashes_comes_back_by_itself(
    stack: Running, token: str, browser: Browser, axe: Axe, server: str
) -> None:
    """All services have to reconnect, so all of them are gone through."""
    await asyncio.to_thread(crash, stack[0], server)
    await a_complaint_arrives(stack[0], token)
    await whole_life(stack[1], browser, axe)


@pytest.mark.parametrize("service", [*SERVICES, "gateway"])
async def test_a_service_that_crashes_comes_back_by_itself(stack: Running, token: str, service: str) -> None:
    await asyncio.to_thread(crash, stack[0], service)
    await a_complaint_arrives(stack[0], token)


async def test_the_whole_life_once_each_has_crashed(stack: Running, browser: Browser, axe: Axe) -> None:
    await whole_life(stack[1], browser, axe)


@pytest.mark.parametrize("service", ["prometheus", "alertmanager"])
async def test_the_observers_come_back_too(stack: Running, service: str) -> None:
    await asyncio.to_thread(crash, stack[0], service)


def crash(stack: Stack, service: str) -> None:
    """Returns when the container and all others are healthy again."""
    before = stack.state(service)["RestartCount"]
    stack.kill(service)
    stack.wait_for(lambda: bool(stack.state(service)["RestartCount"] > before))
    for name in (service, *SERVICES, "gateway"):
        stack.wait_for(partial(stack.healthy, name))


async def test_a_complaint_is_taken_in_while_kafka_is_away(stack: Running, token: str) -> None:
    """No service is ready then; the gateway asks the one there is all the same."""
    await a_complaint_arrives(stack[0], token)  # the token is known by then
    await asyncio.to_thread(stack[0].compose, "pause", "kafka")
    try:
        await asyncio.to_thread(stack[0].wait_for, lambda: not ready(stack[0], "intake"))
        async with client_of(stack[0], token) as client:
            case = await until(partial(taken_in, client), 120)
    finally:
        await asyncio.to_thread(stack[0].compose, "unpause", "kafka")
    async with client_of(stack[0], token) as client:
        await until(partial(opened, client, case), 120)


def ready(stack: Stack, service: str) -> bool:
    code = "import httpx; print(httpx.get('http://127.0.0.1:8000/health/ready').text)"
    return '"status":"ready"' in stack.compose("exec", "-T", service, "python", "-c", code, check=False)


async def a_complaint_arrives(stack: Stack, token: str) -> None:
    """Through intake, its database, Kafka and cases: whatever had to reconnect has done so."""
    async with client_of(stack, token) as client:
        case = await until(partial(taken_in, client), 120)
        await until(partial(opened, client, case), 120)


def client_of(stack: Stack, token: str) -> httpx.AsyncClient:
    """One key for all that it sends: however often, it is one complaint."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": secrets.token_hex(8)}
    return httpx.AsyncClient(base_url=stack.url, headers=headers, timeout=60)


async def taken_in(client: httpx.AsyncClient) -> str | None:
    """The complaint's id; None where a client is told to try again."""
    made = await client.post("/api/v1/complaints", json={"narrative": "A calm story."})
    return str(made.json()["id"]) if made.status_code == 201 else None


async def opened(client: httpx.AsyncClient, case: str) -> bool:
    return (await client.get(f"/api/v1/cases/{case}")).status_code == 200


async def test_nothing_was_lost_in_the_crashes(stack: Running) -> None:
    found = json.loads(await asyncio.to_thread(stack[0].recourse, "audit", "verify", "--json"))
    assert found["findings"] == []
    assert found["events"] > 20


async def test_a_command_writes_into_a_folder_of_this_machine(stack: Running, tmp_path: Path) -> None:
    user, volume = f"{os.getuid()}:{os.getgid()}", f"{tmp_path}:/here"
    words = ("run", "--rm", "-T", "--user", user, "--volume", volume, "--workdir", "/here")
    await asyncio.to_thread(stack[0].compose, *words, "recourse", "backup", "today.tar.gz")
    assert (tmp_path / "today.tar.gz").stat().st_uid == os.getuid()


def test_a_role_is_let_into_its_own_database_alone(stack: Running) -> None:
    def enters(role: str, database: str) -> bool:
        password = (stack[0].secrets / f"postgres-{role}").read_text()
        url = f"postgresql://recourse_{role}:{password}@127.0.0.1/{database}"
        return stack[0].compose("exec", "-T", "postgres", "psql", "-tAc", "select 1", url, check=False).strip() == "1"

    assert enters("cases", "recourse_cases")
    for other in ("recourse_intake", "postgres", "template1"):
        assert not enters("cases", other)


@pytest.mark.parametrize(
    "path",
    ["/metrics", "/health/ready", "/Health/Ready", "//health/ready", "/health%2fready", "/%6detrics", "/x/../metrics"],
)
def test_what_is_inside_is_not_shown(stack: Running, path: str) -> None:
    request = httpx.Request("GET", stack[0].url, extensions={"target": path.encode()})
    with httpx.Client() as client:
        answer = client.send(request)
    assert answer.status_code == 404
    assert "recourse_" not in answer.text


def test_the_gateway_answers_with_the_contracts(stack: Running) -> None:
    assert "/api/v1/complaints" in httpx.get(f"{stack[0].url}/openapi.json").json()["paths"]
    assert httpx.get(f"{stack[0].url}/asyncapi.json").json()["asyncapi"].startswith("3.")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_told_so_at_the_gateway(stack: Running, token: str, chunked: bool) -> None:
    """Not that nobody answers: who is told so sends it again."""
    body = b'{"narrative": "' + b"x" * 10_500_000 + b'"}'
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "large", "Content-Type": "application/json"}
    sent = iter([body]) if chunked else body
    large = httpx.post(f"{stack[0].url}/api/v1/complaints", content=sent, headers=headers, timeout=60)
    assert (large.status_code, large.headers["content-type"]) == (413, "application/problem+json")
    assert "Send less" in large.json()["detail"]
    assert "retry-after" not in large.headers
    assert "server" not in large.headers


def test_people_behind_a_terminator_of_tls_are_told_apart(stack: Running) -> None:
    """Who guesses a password from one address keeps nobody out who comes from another, nor can hide behind a third."""

    def guesses(forwarded: str) -> int:
        with httpx.Client(base_url=stack[0].url, headers={"X-Forwarded-For": forwarded}) as client:
            field = client.get("/signin").text.split('name="csrf" value="')[1].split('"')[0]
            given = {"csrf": field, "email": "nobody@example.org", "password": "a guess"}
            return client.post("/signin", data=given).status_code

    assert [guesses("203.0.113.5") for _ in range(4)] == [422, 422, 422, 429]
    assert guesses("203.0.113.6") == 422
    assert guesses("198.51.100.7, 203.0.113.5") == 429


def test_prometheus_hears_all_and_its_alerts_can_be_sent(stack: Running) -> None:
    def asked(path: str) -> Any:
        code = f"import urllib.request as u; print(u.urlopen('http://prometheus:9090/api/v1/{path}').read().decode())"
        run = ("exec", "-T", "cases", "python", "-c", code)
        return json.loads(stack[0].compose(*run))["data"]

    def all_up() -> bool:
        return [target["health"] for target in asked("targets")["activeTargets"]] == ["up"] * len(SERVICES)

    stack[0].wait_for(all_up)
    rules = asked("rules")["groups"][0]["rules"]
    stack[0].wait_for(lambda: {rule["health"] for rule in asked("rules")["groups"][0]["rules"]} == {"ok"})
    assert len(rules) >= 10
    stack[0].wait_for(lambda: len(asked("alertmanagers")["activeAlertmanagers"]) == 1)


def test_the_alerts_speak_when_they_should(stack: Running) -> None:
    said = stack[0].compose("exec", "-T", "prometheus", "promtool", "test", "rules", "/etc/prometheus/rules.test.yml")
    assert "SUCCESS" in said
    stack[0].compose("exec", "-T", "prometheus", "promtool", "check", "config", "/etc/prometheus/prometheus.yml")
    stack[0].compose("exec", "-T", "alertmanager", "amtool", "check-config", "/etc/alertmanager/alertmanager.yml")
