"""A report as a CSV file that a spreadsheet opens without running what somebody wrote into it."""

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from services.reporting.reports.filters import spelled

COLUMNS = (
    "reference", "case_id", "received_at", "channel", "organisation", "aspect_id", "main", "product", "sub_product",
    "issue", "sub_issue", "outcome", "redress", "amount", "currency", "root_cause", "closed_at", "invented",
)  # fmt: skip
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), its wide forms too."""


INSIDE = re.compile(r"([;|\t\r\n]\s*)(?=[=+@＝＋＠-])")
"""Where a spreadsheet that separates cells otherwise than by commas would begin another one with a formula."""


def cell(value: Any) -> str:
    """As text; what would begin a formula, in this cell or in one that it falls into, is marked by an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return spelled(value)
    text = INSIDE.sub(r"\1'", str(value))
    return f"'{text}" if text.lstrip(" \u00a0").startswith(STARTS) else text


async def lines(rows: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    """The file piece by piece, every cell quoted (RFC 4180)."""
    held = io.StringIO(newline="")
    writer = csv.writer(held, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    async for row in rows:
        writer.writerow([cell(row[name]) for name in COLUMNS])
        if held.tell() > 65_536:
            yield _taken(held)
    yield _taken(held)


def _taken(held: io.StringIO) -> bytes:
    text = held.getvalue()
    held.seek(0)
    held.truncate()
    return text.encode()
