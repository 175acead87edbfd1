"""Tokens and accounts by the command line, and what running services make of them."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import pytest_asyncio
from typer.testing import CliRunner

from deploy.cli.access import accounts as accounts_
from deploy.cli.access import tokens
from deploy.cli.command import app
from shared.security.tokens import Token, actor, digest
from tests.serving import MASTER, SECRET, Served, until
from tests.shared.small import accounts, browser, sign_in, small


@pytest_asyncio.fixture(scope="module")
async def one(
    kafka: str, postgres: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    file = accounts(tmp_path_factory.mktemp("accounts"), hanna="handler")
    async with small(kafka, postgres, accounts=file) as served:
        yield served


@pytest_asyncio.fixture(scope="module")
async def other(one: Served, kafka: str, postgres: Callable[[str], str]) -> AsyncIterator[Served]:
    async with small(kafka, postgres, beside=one) as served:
        yield served


async def recourse(served: Served, *words: str) -> str:
    """What the command prints, run beside the services as an operator would."""
    at = served.runtime.settings
    environment = {
        "RECOURSE_KAFKA": at.kafka, "RECOURSE_TOPIC_PREFIX": at.topic_prefix, "RECOURSE_SECRET": SECRET,
        "RECOURSE_POSTGRES": at.postgres, "RECOURSE_MASTER_KEY": MASTER.hex(), "RECOURSE_ACCOUNTS": str(at.accounts),
    }  # fmt: skip
    given = os.environ | environment
    result = await asyncio.to_thread(CliRunner().invoke, app, list(words), env=given)
    assert result.exit_code == 0, result.output
    return result.stdout


async def status(served: Served, method: str, path: str, token: str) -> int:
    async with browser(served, headers={"Authorization": f"Bearer {token}"}) as client:
        return (await client.request(method, path)).status_code


async def test_a_token_does_what_its_scopes_say_until_it_is_revoked(one: Served, other: Served) -> None:
    words = ("--role", "compliance", "--name", "crm", "--scope", "cases.read")
    narrow = (await recourse(one, "token", "create", *words)).strip()
    whole = (await recourse(one, "token", "create", *words[:4])).strip()
    assert narrow.startswith("recourse_")

    async def known() -> bool:
        return {await status(served, "GET", "/api/v1/cases", whole) for served in (one, other)} == {200}

    await until(known, 60)
    assert await status(other, "GET", "/api/v1/cases", narrow) == 200
    assert await status(one, "POST", "/api/v1/erasures", narrow) == 403
    assert await status(one, "POST", "/api/v1/erasures", whole) == 200
    assert await status(one, "GET", "/api/v1/cases", whole + "x") == 401

    async def used() -> bool:
        listed = json.loads(await recourse(one, "token", "list", "--json"))
        return [bool(token["last_used_at"]) for token in listed] == [True, True]

    await until(used, 60)
    assert narrow not in await recourse(one, "token", "list", "--json")
    await recourse(one, "token", "revoke", whole)

    async def refused() -> bool:
        return {await status(served, "GET", "/api/v1/cases", whole) for served in (one, other)} == {401}

    await until(refused, 60)
    assert await status(other, "GET", "/api/v1/cases", narrow) == 200
    assert [t["works"] for t in json.loads(await recourse(one, "token", "list", "--json"))] == [True, False]


async def test_a_token_ends_by_itself(one: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    token = (await recourse(one, "token", "create", "--days", "30")).strip()

    async def known() -> bool:
        return await status(one, "GET", "/api/v1/cases", token) == 200

    await until(known, 60)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 31 * 86_400)
    assert await status(one, "GET", "/api/v1/cases", token) == 401


async def test_a_changed_account_signs_in_again(one: Served, other: Served) -> None:
    async with browser(one) as client:
        await sign_in(client, "hanna")
        cookie = client.cookies["recourse_session"]
    await recourse(one, "account", "set", "hanna@example.org", "--role", "quality")

    async def ended() -> bool:
        async with browser(other, cookies={"recourse_session": cookie}) as client:
            return bool((await client.get("/api/v1/who")).json()["role"] == "anonymous")

    await until(ended, 60)
    async with browser(one) as client:
        await sign_in(client, "hanna")
        assert (await client.get("/api/v1/who")).json()["role"] == "quality"
    password = (await recourse(one, "account", "set", "new@example.org", "--role", "auditor", "--name", "N")).split()[0]
    async with browser(one) as client:
        assert (await sign_in(client, "new", password)).status_code == 303
        await recourse(one, "account", "remove", "new@example.org")

        async def gone() -> bool:
            return bool((await client.get("/api/v1/who")).json()["role"] == "anonymous")

        await until(gone, 60)
        assert (await sign_in(client, "new", password)).status_code == 422


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The file of accounts of an installation without servers."""
    file = accounts(tmp_path, hanna="handler")
    monkeypatch.setattr(accounts_, "installation", lambda data: SimpleNamespace(accounts=file))
    monkeypatch.setattr(accounts_, "_sign_out", lambda at, email: None)
    return file


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["sign-out", "hana@example.org"], "There is no such account."),
        (["set", "hanna.example.org", "--name", "H", "--role", "handler"], "is no e-mail address"),
        (["set", "hanna\ufffe@example.org", "--name", "H", "--role", "handler"], "U+FFFE is no character"),
        (["set", "hanna@example.org", "--name", "H\uffff"], "U+FFFF is no character"),
    ],
)
def test_an_address_that_is_none_of_an_account_is_refused(alone: Path, words: list[str], why: str) -> None:
    before = alone.read_text()
    result = CliRunner().invoke(app, ["account", *words])
    assert (result.exit_code, why in result.output) == (1, True), result.output
    assert alone.read_text() == before


def test_a_password_is_shown_once_it_opens_something(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone.chmod(0o444)
    words = ["account", "set", "hanna@example.org", "--new-password"]
    assert CliRunner().invoke(app, words).stdout.strip()
    assert alone.stat().st_mode & 0o777 == 0o444, "whoever could read it still can"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(accounts_, "_write", full)
    result = CliRunner().invoke(app, words)
    assert (result.stdout, result.exception.__class__) == ("", OSError)


def test_a_token_is_listed_with_its_whole_id_in_a_narrow_window(monkeypatch: pytest.MonkeyPatch) -> None:
    token = Token(
        name="an integration with a long name", role="compliance", scopes=frozenset({"cases.read", "people.erase"}),
        created_at=datetime(2026, 3, 14, 12, tzinfo=UTC), expires_at=None,
    )  # fmt: skip
    known_by = digest("secret")

    @asynccontextmanager
    async def known(at: object) -> AsyncIterator[SimpleNamespace]:
        yield SimpleNamespace(tokens={known_by: token}, used={})

    monkeypatch.setattr(tokens, "installation", lambda data: None)
    monkeypatch.setattr(tokens, "access_to", known)
    shown = CliRunner().invoke(app, ["token", "list"], env={"COLUMNS": "80"}).stdout
    assert actor(known_by) in shown
    assert "\u2026" not in shown


def test_a_name_that_cannot_be_kept_is_refused() -> None:
    result = CliRunner().invoke(app, ["token", "create", "--name", "a\ufffeb"])
    assert (result.exit_code, "'a\\ufffeb' cannot be kept: U+FFFE is no character" in result.output) == (1, True)


def test_a_scope_beyond_the_role_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["token", "create", "--role", "handler", "--scope", "people.erase"])
    assert result.exit_code == 1
    assert "handler may not people.erase" in result.output
