"""What a stranger sends is held no longer than a form needs, and what they were given stands in no log."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from aiokafka.errors import KafkaConnectionError

from shared.http import edge
from tests.shared.small import browser, small


async def test_a_stranger_sends_no_more_than_a_form_needs(
    kafka: str, postgres: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "STRANGERS_MOST", 10)
    body = b"x" * 11
    async with small(kafka, postgres) as served, browser(served, headers={}) as client:
        assert (await client.post("/bodies", content=body)).status_code == 413
        token = served.runtime.signer.token("machine", "Feed")
        known = await client.post("/bodies", content=body, headers={"Authorization": f"Bearer {token}"})
    assert known.json() == {"bytes": 11}


async def test_the_log_names_the_route_and_not_the_link(
    kafka: str, postgres: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    async with small(kafka, postgres) as served, browser(served) as client:

        @served.app.get("/track/{signed}/{kind}")
        async def fails(kind: str) -> None:
            raise KafkaConnectionError if kind == "away" else ValueError

        assert (await client.get("/track/secret-link/away")).status_code == 503
        with suppress(ValueError):  # it goes on to the server, which would tell it once more
            await client.get("/track/secret-link/broken")
    said = capsys.readouterr().err
    assert said.count("route=/track/{signed}/{kind}") == 2
    assert "secret-link" not in said
