"""What no answer may show, and what every failure must be."""

import re
from pathlib import Path

import httpx

INSIDE = re.compile(
    r"Traceback \(most recent|File \"/|\.py\"?, line \d|/site-packages/|psycopg|sqlalchemy|asyncpg|aiokafka|pydantic"
    r"|errors\.pydantic\.dev|/home/|/usr/lib|\bselect .+ from\b|\binsert into\b|SQLSTATE|LINE 1:"
    r"|postgresql://|bootstrap|object at 0x|<class '|" + re.escape(str(Path(__file__).parents[2])),
    re.I,
)


def is_told(answer: httpx.Response, *, page: bool) -> None:
    """Problem+json to a program, a designed page to a person; what is wrong, and nothing of the inside."""
    assert 400 <= answer.status_code < 500, (answer.request.method, answer.url, answer.text)
    assert not INSIDE.search(answer.text), (answer.request.method, answer.url, answer.text)
    kind = answer.headers["content-type"]
    if page:
        assert kind.startswith("text/html"), (answer.request.method, answer.url, kind)
        assert "<h1" in answer.text
        assert "stylesheet" in answer.text
    else:
        assert kind == "application/problem+json", (answer.request.method, answer.url, kind)
        told = answer.json()
        assert told["status"] == answer.status_code
        assert told["title"]
        assert len(told["detail"].split()) >= 3, told
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
