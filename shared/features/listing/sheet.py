"""A list as a CSV file that a spreadsheet opens without running what somebody wrote into it."""

import csv
import io
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Characters that a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), with their wide forms."""

INSIDE = re.compile(r"([;|\t\r\n]\s*)(?=[=+@＝＋＠-])")
"""Places where a spreadsheet that separates cells otherwise than by commas would begin another one with a formula."""


def cell(value: Any) -> str:
    """The value as text; an apostrophe goes before anything that a spreadsheet would take for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    text = INSIDE.sub(r"\1'", str(value))
    return f"'{text}" if text.lstrip(" \u00a0").startswith(STARTS) else text


async def lines(names: Sequence[str], rows: AsyncIterator[Mapping[str, Any]]) -> AsyncIterator[bytes]:
    """The file piece by piece, every cell quoted (RFC 4180)."""
    held = io.StringIO(newline="")
    writer = csv.writer(held, quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    async for row in rows:
        writer.writerow([cell(row[name]) for name in names])
        if held.tell() > 65_536:
            yield _taken(held)
    yield _taken(held)


def _taken(held: io.StringIO) -> bytes:
    text = held.getvalue()
    held.seek(0)
    held.truncate()
    return text.encode()
