"""What stands before every service: where a request comes from, how large it is, and how often it comes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace

import httpx
import psycopg
import pytest
import pytest_asyncio
import uvicorn
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from shared.http import body_limits, rate_limits
from shared.http.rate_limits import Limits, Rate
from tests.serving import Served, until
from tests.shared.small import accounts, browser, csrf, sign_in, small
from tests.system.conftest import Server, free_port

MOST = 100_000
PAGE = {"Accept": "text/html"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest_asyncio.fixture(scope="module")
async def served(
    kafka: str, postgres: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    file = accounts(tmp_path_factory.mktemp("accounts"), hanna="handler", leo="leader")
    async with small(kafka, postgres, accounts=file, body_megabytes=MOST / 1_000_000) as served:
        yield served


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://test"}, 200),
        ({"Origin": "http://localhost:8000"}, 200),  # the public address
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://test.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://test"}, 403),
    ],
)
async def test_what_another_site_makes_a_browser_send_is_refused(
    served: Served, headers: dict[str, str], status: int
) -> None:
    async with browser(served) as client:
        field = await csrf(client)
        answer = await client.post("/form", data={"csrf": field}, headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("charset", "status"),
    [("utf-8", 200), ("UTF8", 200), ("punycode", 422), ("undefined", 422), ("unicode_escape", 422)],
)
async def test_a_form_comes_in_utf8_and_in_no_codec_of_the_senders_choice(
    served: Served, charset: str, status: int
) -> None:
    async with browser(served) as client:
        part = f'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{await csrf(client)}\r\n--x--\r\n'
        kind = {"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"}
        answer = await client.post("/form", content=part, headers=kind)
    assert answer.status_code == status


async def test_a_form_works_once_its_hidden_field_is_that_of_the_session(served: Served) -> None:
    async with browser(served) as client:
        assert (await client.post("/form", data={})).status_code == 403
        stranger = await csrf(client)
        assert (await client.post("/form", data={"csrf": stranger})).status_code == 200
        await sign_in(client, "hanna")
        assert (await client.post("/form", data={"csrf": stranger})).status_code == 403
        hers = await csrf(client)
        assert (await client.post("/form", data={"csrf": hers})).status_code == 200
    async with browser(served) as client:
        await sign_in(client, "hanna")
        assert (await client.post("/form", data={"csrf": hers})).status_code == 403


async def test_a_body_too_large_is_refused_as_it_arrives(served: Served) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 10_000
            yield b"x" * 10_000

    async with browser(served, headers={}) as client:
        streamed = await client.post("/bodies", content=endless())
        assert sent <= MOST + 20_000
        told = await client.post("/bodies", content=b"x" * (MOST + 1))
        whole = await client.post("/bodies", content=b"x" * MOST)
        page = await client.post("/form", content=endless(), headers=PAGE | FORM)
    for answer in (streamed, told):
        assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
        assert "100 kB" in answer.json()["detail"]
    assert whole.json() == {"bytes": MOST}
    assert page.status_code == 413
    assert "<h1>" in page.text


@pytest.mark.parametrize("token", ["", "Bearer recourse_none", "Bearer recourse_signed_none", "Basic YTpi"])
async def test_a_stranger_is_refused_before_a_byte_of_what_they_send_is_read(served: Served, token: str) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b"[" * 10_000

    as_json = {"Content-Type": "application/json"} | ({"Authorization": token} if token else {})
    async with browser(served, headers=as_json) as client:
        for path in ("/api/v1/erasures", "/api/v1/nowhere"):
            refused = await client.post(path, content=endless())
            assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
    assert sent == 0


async def test_a_body_of_too_many_values_is_refused_as_it_arrives(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_limits, "MOST_VALUES", 1_000)

    async def body(commas: int) -> AsyncIterator[bytes]:
        for start in range(0, commas, 400):
            yield b"[]," * min(400, commas - start)

    async with browser(served, headers={}) as client:
        refused = await client.post("/bodies", content=body(1_001))
        taken = await client.post("/bodies", content=body(1_000))
    assert (refused.status_code, refused.headers["content-type"]) == (413, "application/problem+json")
    assert "Send fewer values at once." in refused.json()["detail"]
    assert taken.json() == {"bytes": 3_000}


async def test_over_a_socket_the_rest_of_a_large_body_is_not_waited_for(served: Served) -> None:
    async with listening(served) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /bodies HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(11):
            writer.write(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
        answer = await asyncio.wait_for(reader.read(), 60)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"\r\nserver:" not in answer.lower()


async def test_a_body_that_does_not_come_is_not_waited_for(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limits, "SLOWEST", 0.2)
    async with listening(served) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /bodies HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\nx")
        answer = await asyncio.wait_for(reader.read(), 60)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 408")


async def test_a_form_with_too_many_fields_is_refused(served: Served) -> None:
    async with browser(served) as client:
        field = await csrf(client)
        many = await client.post("/form", data={"csrf": field, **{f"f{n}": "x" for n in range(300)}})
        long = await client.post("/form", files={"csrf": (None, field), "f": (None, "x" * 90_000)})
    assert many.status_code == 400
    assert "Too many fields" in many.text
    assert long.status_code == 200


async def test_strangers_may_send_so_much_and_are_told_when_they_may_again(
    kafka: str, postgres: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = accounts(tmp_path_factory.mktemp("limited"), hanna="handler")
    given = Limits(strangers=Rate(3, 3600), requests=Rate(20, 3600), tokens=Rate(2, 3600))
    async with small(kafka, postgres, limits=given, accounts=file) as served:
        async with browser(served, headers={}) as client:
            statuses = [(await client.post("/bodies")).status_code for _ in range(4)]
            refused = await client.post("/bodies")
            page = await client.post("/form", headers=PAGE)
            assert (await client.get("/api/v1/who")).status_code == 200
            assert (await client.get("/static/tokens.css")).status_code == 200
        assert statuses == [200, 200, 200, 429]
        assert refused.headers["content-type"] == "application/problem+json"
        assert 1100 < int(refused.headers["retry-after"]) <= 1200
        assert page.status_code == 429
        assert "<h1>Too many</h1>" in page.text
        async with browser(served, "203.0.113.8", headers={}) as client:
            assert (await client.post("/bodies")).status_code == 200
        neighbours = ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff::3", "2001:db8:1:2::4"]
        statuses = []
        for address in neighbours:
            async with browser(served, address, headers={}) as client:
                statuses.append((await client.post("/bodies")).status_code)
        assert statuses == [200, 200, 200, 429]
        token = {"Authorization": f"Bearer {served.runtime.signer.token('machine', 'test')}"}
        async with browser(served, headers=token) as client:
            statuses = [(await client.post("/bodies")).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]


async def test_guessing_passwords_takes_longer_and_longer(
    kafka: str, postgres: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = accounts(tmp_path, hanna="handler", leo="leader")
    given = Limits(sign_ins=Rate(6, 3600), account=Rate(5, 3600))
    async with small(kafka, postgres, limits=given, accounts=file) as served:
        async with browser(served, "192.0.2.1") as client:
            statuses = [(await sign_in(client, "hanna", "wrong")).status_code for _ in range(4)]
            assert statuses == [422, 422, 422, 429]
            assert (await sign_in(client, "leo")).status_code == 303
        async with browser(served, "192.0.2.2") as client:
            assert (await sign_in(client, "hanna")).status_code == 303  # nobody is locked out by another's guesses
        async with browser(served, "192.0.2.3") as client:
            tried = [(await sign_in(client, name, "wrong")).status_code for name in "abcdefg"]
        assert tried == [422] * 6 + [429]
        statuses = []
        for last in range(10, 13):
            async with browser(served, f"192.0.2.{last}") as client:
                statuses.append((await sign_in(client, "hanna", "wrong")).status_code)
        assert statuses == [422, 429, 429]  # three and one before: five an hour for one account
    monkeypatch.setattr(rate_limits, "time", SimpleNamespace(monotonic=lambda: 1000.0))
    async with small(kafka, postgres, accounts=file) as served, browser(served, "192.0.2.20") as client:
        answers = await asyncio.gather(*[sign_in(client, "leo", "wrong") for _ in range(14)])
        assert sorted(answer.status_code for answer in answers) == [422] * 3 + [429] * 11


async def test_only_the_gateway_says_for_whom_it_asks(kafka: str, postgres: Callable[[str], str]) -> None:
    async with small(kafka, postgres, limits=Limits(strangers=Rate(1, 3600))) as served:
        async with browser(served, headers={}) as client:
            statuses = []
            for n in range(2):
                headers = {"X-Forwarded-For": f"192.0.2.{n}"}
                statuses.append((await client.post("/bodies", headers=headers)).status_code)
        assert statuses == [200, 429]
        proxied = ProxyHeadersMiddleware(served.app, trusted_hosts="10.0.0.0/8")  # type: ignore[arg-type]
        transport = httpx.ASGITransport(proxied, client=("10.1.2.3", 1))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            for forwarded, status in (("192.0.2.9", 200), ("192.0.2.10", 200), ("6.6.6.6, 192.0.2.9", 429)):
                answer = await client.post("/bodies", headers={"X-Forwarded-For": forwarded})
                assert answer.status_code == status


async def test_a_database_that_is_away_is_503_and_comes_back(
    kafka: str, postgres: Callable[[str], str], postgres_server: str
) -> None:
    async with small(kafka, postgres) as served:

        @served.app.get("/api/v1/rows")
        async def rows() -> dict[str, str]:
            async with served.runtime.pool.connection() as conn:
                await conn.execute("select 1")
            return {}

        name = str(conninfo_to_dict(served.runtime.settings.postgres)["dbname"])
        with psycopg.connect(postgres_server, autocommit=True) as admin:
            allow = sql.SQL("alter database {} allow_connections {}")
            admin.execute(allow.format(sql.Identifier(name), sql.Literal(False)))
            admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
            async with browser(served, headers={}) as client:
                away = await client.get("/api/v1/rows")
            admin.execute(allow.format(sql.Identifier(name), sql.Literal(True)))
        assert (away.status_code, away.headers["content-type"]) == (503, "application/problem+json")
        assert away.headers["retry-after"] == "5"

        async def back() -> bool:
            async with browser(served, headers={}) as client:
                return (await client.get("/api/v1/rows")).status_code == 200

        await until(back, 120)


@contextlib.asynccontextmanager
async def listening(served: Served) -> AsyncIterator[int]:
    """The service on a socket, its lifespan already under way."""
    port = free_port()
    server = Server(uvicorn.Config(served.app, port=port, log_level="error", lifespan="off", server_header=False))
    serving = asyncio.create_task(server.serve())

    async def started() -> bool:
        return server.started

    await until(started, 60)
    try:
        yield port
    finally:
        server.should_exit = True
        await serving
