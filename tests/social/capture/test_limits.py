"""A network's object that is too long, or bottomless, is refused; nobody waits while one is read."""

import asyncio
import json
import threading
from typing import Any

import pytest

from shared.offload import offload
from tests.serving import Served

API = "/api/v1/mentions"
STATUS = {
    "id": "1", "created_at": "2026-03-14T09:30:00Z", "account": {"acct": "ann@social.example", "url": "https://s.example"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("network", "sent", "why"),
    [
        ("mastodon", STATUS | {"content": "<br>" * 800_000}, "PostTooLong"),
        ("mastodon", STATUS | {"content": "a", "spoiler_text": "\n" * 3_000_000}, "PostTooLong"),
        ("mastodon", STATUS | {"content": "a", "account": {"acct": "a", "url": "/" * 3_000_000}}, "PostTooLong"),
        ("reddit", {"name": "t", "body": "&amp" * 800_000, "author": "a", "created_utc": 1}, "PostTooLong"),
        ("x", {"data": [{"id": "1", "text": "&"}] * 60_000}, "TooManyPosts"),
    ],
    ids=["tags", "lines", "an address", "references", "posts"],
)  # fmt: skip
async def test_what_is_too_long_is_refused_before_it_is_read(
    social: Served, network: str, sent: dict[str, Any], why: str
) -> None:
    content = json.dumps(sent).encode()
    async with social.client("machine") as client:
        headers = {"content-type": "application/json"}
        made = await client.post(f"{API}/from/{network}", content=content, headers=headers)
    assert (made.status_code, made.json()["title"].replace(" ", "").lower()) == (422, why.lower())


async def test_nobody_waits_while_markup_is_read(social: Served) -> None:
    sent, other = STATUS | {"content": "<p>Help</p>" + "<p><b>" * 33_000}, threading.Event()
    async with social.client("machine") as client, asyncio.TaskGroup() as doing:
        held = doing.create_task(offload(other.wait))
        markup = doing.create_task(client.post(f"{API}/from/mastodon", json=sent))
        try:
            for n in range(3):
                post = {"network": "reviews", "external_id": f"meanwhile-{n}", "text": "Help"}
                assert (await client.post(API, json=post)).status_code == 201
            assert not markup.done(), "it is read on the event loop"
        finally:
            other.set()
    assert (held.result(), markup.result().status_code) == (True, 200)


async def test_a_bottomless_object_is_refused(social: Served) -> None:
    content = b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    async with social.client("machine") as client:
        made = await client.post(f"{API}/from/x", content=content, headers={"content-type": "application/json"})
    assert made.status_code in {400, 422}
