"""Sends forms of the pages as a browser without a script would."""

import re
from typing import Any
from uuid import UUID, uuid5

import httpx
from itsdangerous import URLSafeSerializer


async def token(client: httpx.AsyncClient, path: str = "/cases") -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', (await client.get(path)).text)
    assert found
    return found[1]


async def send(client: httpx.AsyncClient, path: str, **fields: Any) -> httpx.Response:
    csrf = await token(client)
    return await client.post(path, data={"csrf": csrf} | {name.replace("__", "-"): v for name, v in fields.items()})


def notice(response: httpx.Response) -> Any:
    """What the next page tells, the signature not looked at."""
    return URLSafeSerializer("").loads_unsafe(response.cookies["notice"])[1]


def primary(case_id: UUID) -> UUID:
    return uuid5(case_id, "primary")
