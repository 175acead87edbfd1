"""Secrets are where they are used and nowhere else: not in logs, traces, metrics, answers, Kafka or a database."""

import re
import stat
import time
from pathlib import Path

import httpx
import psycopg
import pytest

from deploy.installation import seed
from shared.kafka.clients import ends, read_to, reader, topics
from tests.security.site import Site

PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def secrets(site: Site) -> dict[str, str]:
    """By name, after a round of requests that go well and requests that do not."""
    given = {
        "the secret": site.at.secret, "the master key": site.at.master_key, "the seal key": site.at.seal_key or "",
        "the password": site.password,
        "a token": site.at.token("machine", "secrets"), "a customer's link": site.ids["track"],
        "a survey's link": site.ids["survey"],
        "a session": site.client("handler").cookies.get("recourse_session") or "",
    }  # fmt: skip
    assert all(len(secret) > 7 for secret in given.values())
    for secret in given.values():
        _tried_everywhere(site, secret)
    time.sleep(1)
    return given


def _tried_everywhere(site: Site, secret: str) -> None:
    """As a link, a token, a cookie, a password, a header, a search, a name, a body: where it belongs and where not."""
    client, bearer = site.stranger(), {"Authorization": f"Bearer {secret}"}
    for path in ("/complain/track/", "/surveys/answer/", "/cases/", "/api/v1/cases/", "/static/", "/nowhere/"):
        client.get(path + secret, headers=PAGE)
    for path in ("/api/v1/cases", "/cases", "/api/v1/audit/x", "/api/v1/complaints?page[after]=x", "/metrics"):
        client.get(path, headers=bearer)
        client.get(path, headers=PAGE | {"Cookie": f"recourse_session={secret}"})
        client.get(path, headers={"traceparent": secret, "X-Request-Id": secret})
    client.post("/api/v1/complaints", content=f'{{"narrative": "{secret}"', headers=bearer)
    client.post("/api/v1/mentions", json={"network": secret, "text": secret}, headers=bearer)
    form = {"csrf": site.csrf(client), "email": "handler@example.org", "password": f"{secret}x"}
    client.post("/signin", data=form, headers=PAGE)
    client.post("/signin", data=form | {"csrf": secret}, headers=PAGE)
    for path in ("/cases", "/api/v1/cases", "/audit", "/intake", "/reports"):
        site.client("admin").get(path, params={"q": secret, "source": secret, "as_at": secret, "at_least": secret})


def found(secrets: dict[str, str], text: str) -> list[str]:
    return [name for name, secret in secrets.items() if secret in text]


def test_logs_hold_no_secret_and_no_words(site: Site, secrets: dict[str, str]) -> None:
    logged = site.logged()
    assert "service started" in logged
    assert found(secrets | site.words, logged) == []


def test_traces_hold_no_secret_and_no_words(site: Site, secrets: dict[str, str]) -> None:
    spans = (site.folder / "spans.json").read_text()
    assert "/complain/track/{signed}" in spans, "the route is named"
    assert found(secrets | site.words, spans) == []


def test_metrics_hold_no_secret_and_no_words(site: Site, secrets: dict[str, str]) -> None:
    metrics = httpx.get(site.metrics).text
    assert "recourse_events_stored" in metrics
    assert found(secrets | site.words, metrics) == []


def test_error_pages_and_problems_show_no_secret(site: Site, secrets: dict[str, str]) -> None:
    """An answer may repeat the address that it was asked at, and nothing else that it was given."""
    for secret in secrets.values():
        for accept in ("text/html", "application/json"):
            headers = {"Accept": accept, "Authorization": f"Bearer {secret}", "Cookie": f"recourse_session={secret}"}
            for path in ("/nowhere", "/cases", "/api/v1/cases", "/complain/track/x", "/metrics"):
                assert secret not in site.stranger().get(path, headers=headers).text


async def test_kafka_holds_no_secret_and_no_words(site: Site, secrets: dict[str, str]) -> None:
    """Words are sealed; dead letters and what services tell each other hold no link, token or session."""
    async with reader(site.at.cluster) as kafka:
        limits = await ends(kafka, *(topic for topic in await topics(kafka) if topic.startswith(site.at.topic_prefix)))
        kafka.assign(list(limits))
        text = []
        async for batch in read_to(kafka, limits):
            text += [f"{r.key!r} {r.value!r} {r.headers!r}" for r in batch]
    assert len(text) > 20
    assert found(secrets | site.words, "\n".join(text)) == []


def test_databases_hold_no_secret_of_the_installation(site: Site, secrets: dict[str, str]) -> None:
    """A link stands in the mail that carries it, which is kept until it is sent; nothing else is kept at all."""
    ours = {name: secret for name, secret in secrets.items() if not name.endswith("link")}
    for url in site.databases.values():
        with psycopg.connect(url) as connection:
            tables = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
            for (table,) in tables:
                for name, secret in ours.items():
                    held = f'select 1 from "{table}" t where strpos(t::text, %s) > 0 limit 1'
                    assert connection.execute(held, [secret]).fetchone() is None, (table, name)


def test_only_their_owner_reads_the_files_that_hold_secrets(site: Site, tmp_path: Path) -> None:
    site.at.write(tmp_path)
    seed(tmp_path / "secrets")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"running.json", "secret", "master-key", "password", "accounts.toml"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert site.password not in (tmp_path / "secrets" / "accounts.toml").read_text()


def test_a_note_that_others_could_read_is_closed_again(site: Site, tmp_path: Path) -> None:
    (tmp_path / "running.json").touch(mode=0o644)
    site.at.write(tmp_path)
    assert stat.S_IMODE((tmp_path / "running.json").stat().st_mode) == 0o600


def test_the_log_names_no_address_of_a_link(site: Site, secrets: dict[str, str]) -> None:
    """Neither a link that works nor what looks like one."""
    assert not re.search(r"/(track|answer)/[\w.~-]{20,}", site.logged())
