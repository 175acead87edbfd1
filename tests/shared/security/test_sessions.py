"""A session begins at sign-in under a new id, ends when it is idle, old, ended or its account gone, everywhere."""

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from shared.security.permissions import Who
from shared.security.signing import Signer
from tests.serving import SECRET, Served, until
from tests.shared.small import PASSWORD, accounts, browser, csrf, sign_in, small

HANNA = Who("hanna@example.org", "Hanna", "handler")


@pytest_asyncio.fixture(scope="module")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("accounts")


@pytest_asyncio.fixture(scope="module")
async def one(kafka: str, postgres: Callable[[str], str], folder: Path) -> AsyncIterator[Served]:
    file = accounts(folder, hanna="handler", leo="leader", rita="handler")
    async with small(kafka, postgres, accounts=file) as served:
        yield served


@pytest_asyncio.fixture(scope="module")
async def other(one: Served, kafka: str, postgres: Callable[[str], str]) -> AsyncIterator[Served]:
    async with small(kafka, postgres, beside=one, accounts=one.runtime.settings.accounts) as served:
        yield served


async def role(served: Served, cookie: str | None) -> str:
    async with browser(served, cookies={"recourse_session": cookie} if cookie else {}) as client:
        return str((await client.get("/api/v1/who")).json()["role"])


async def test_signing_in_begins_a_session_that_every_service_knows(one: Served, other: Served) -> None:
    async with browser(one) as client:
        answer = await sign_in(client, "hanna")
        cookie = client.cookies["recourse_session"]
    assert answer.status_code == 303
    assert "HttpOnly; SameSite=Lax" in answer.headers["set-cookie"]
    assert (await role(one, cookie), await role(other, cookie)) == ("handler", "handler")


async def test_signing_out_ends_a_stolen_copy_in_every_service(one: Served, other: Served) -> None:
    async with browser(one) as client:
        await sign_in(client, "hanna")
        stolen = client.cookies["recourse_session"]
        assert await role(other, stolen) == "handler"
        assert (await client.post("/signout", data={"csrf": await csrf(client)})).status_code == 303
        assert "recourse_session" not in client.cookies
    assert await role(one, stolen) == "anonymous"

    async def gone() -> bool:
        return await role(other, stolen) == "anonymous"

    await until(gone, 60)


async def test_a_service_that_starts_later_knows_what_was_ended(
    one: Served, kafka: str, postgres: Callable[[str], str]
) -> None:
    cookie = one.runtime.signer.session(HANNA)
    session = one.runtime.sessions.read(cookie)
    assert session
    await one.runtime.sessions.end(session)
    async with small(kafka, postgres, beside=one) as late:
        assert await role(late, cookie) == "anonymous"
        assert await role(late, one.runtime.signer.session(HANNA)) == "handler"


async def test_a_session_that_somebody_planted_is_replaced_and_ended(one: Served) -> None:
    planted = one.runtime.signer.session(Who("rita@example.org", "Rita", "handler"))
    async with browser(one, cookies={"recourse_session": planted}) as client:
        before = await csrf(client)
        await sign_in(client, "leo")
        fresh = next(value for value in client.cookies.jar if value.name == "recourse_session" and value.domain).value
        assert before != await csrf(client)
    assert fresh
    assert (await role(one, planted), await role(one, fresh)) == ("anonymous", "leader")


async def test_all_sessions_of_an_account_end_and_later_ones_do_not(one: Served, other: Served) -> None:
    before = one.runtime.signer.session(Who("rita@example.org", "Rita", "handler"))
    await one.runtime.access.end_sessions_of("rita@example.org")

    async def gone() -> bool:
        return await role(other, before) == "anonymous"

    await until(gone, 60)
    assert await role(other, one.runtime.signer.session(Who("rita@example.org", "Rita", "handler"))) == "handler"


async def test_another_role_and_a_removed_account_are_so_at_once(
    kafka: str, postgres: Callable[[str], str], tmp_path: Path
) -> None:
    file = accounts(tmp_path, hanna="handler", leo="leader")
    async with small(kafka, postgres, accounts=file) as served:
        cookie = served.runtime.signer.session(HANNA)
        assert await role(served, cookie) == "handler"
        accounts(tmp_path, hanna="auditor")

        async def changed() -> bool:
            return await role(served, cookie) == "auditor"

        await until(changed, 60)
        accounts(tmp_path, leo="leader")

        async def gone() -> bool:
            return await role(served, cookie) == "anonymous"

        await until(gone, 60)


async def test_a_session_ends_when_it_is_idle_or_old(
    kafka: str, postgres: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with small(kafka, postgres, session_minutes=10, session_hours=1) as served:
        cookie, began = served.runtime.signer.session(HANNA), time.time()
        assert await role(served, cookie) == "handler"
        monkeypatch.setattr(time, "time", lambda: began + 601)
        assert await role(served, cookie) == "anonymous"
        monkeypatch.undo()
        for minute in range(1, 12):  # used every five minutes, it is renewed until it is an hour old
            monkeypatch.setattr(time, "time", lambda minute=minute: began + 300 * minute)
            async with browser(served, cookies={"recourse_session": cookie}) as client:
                answer = await client.get("/api/v1/who")
                assert answer.json()["role"] == "handler"
                cookie = answer.cookies["recourse_session"]
            monkeypatch.undo()
        monkeypatch.setattr(time, "time", lambda: began + 3601)
        assert await role(served, cookie) == "anonymous"


async def test_a_page_that_refreshes_itself_keeps_nobody_signed_in(
    one: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie, began = one.runtime.signer.session(HANNA), time.time()
    monkeypatch.setattr(time, "time", lambda: began + 1200)
    async with browser(one, cookies={"recourse_session": cookie}) as client:
        assert "set-cookie" not in (await client.get("/api/v1/who", headers={"X-Live": "1"})).headers
        assert "recourse_session" in (await client.get("/api/v1/who")).cookies


async def test_behind_https_cookies_are_bound_to_the_host(
    kafka: str, postgres: Callable[[str], str], tmp_path: Path
) -> None:
    file = accounts(tmp_path, hanna="handler")
    async with small(kafka, postgres, accounts=file, url="https://test") as served, browser(served) as client:
        answer = await sign_in(client, "hanna")
        assert "__Host-recourse_session=" in answer.headers["set-cookie"]
        assert answer.headers["set-cookie"].endswith("; Secure")
        assert (await client.get("/api/v1/who")).json()["role"] == "handler"
        assert "max-age" in answer.headers["strict-transport-security"]
        unbound = {"recourse_session": client.cookies["__Host-recourse_session"]}
        async with browser(served, cookies=unbound) as tossed:
            assert (await tossed.get("/api/v1/who")).json()["role"] == "anonymous"


def test_a_changed_secret_still_knows_what_the_earlier_one_signed() -> None:
    earlier = Signer(SECRET).session(HANNA)
    assert Signer(f"a new one\n{SECRET}").open("session", earlier)
    assert Signer("a new one").open("session", earlier) is None
    assert Signer(SECRET).open("session", Signer(f"a new one\n{SECRET}").session(HANNA)) is None
    assert Signer(SECRET).open("complaint", earlier) is None


async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(one: Served) -> None:
    async with browser(one, "198.51.100.1") as client:
        wrong = await sign_in(client, "hanna", "wrong")
        unknown = await sign_in(client, "nobody", PASSWORD)
    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert wrong.text.replace("hanna", "").split("csrf")[0] == unknown.text.replace("nobody", "").split("csrf")[0]


async def test_a_weak_hash_is_made_stronger_at_sign_in(one: Served) -> None:
    path = one.runtime.settings.accounts
    assert path
    async with browser(one) as client:
        await sign_in(client, "leo")
        assert "m=65536,t=3,p=4" in path.read_text()
        assert (await sign_in(client, "leo")).status_code == 303
