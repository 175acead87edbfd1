"""The events of the audit trail as its pages show them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from markupsafe import Markup

from services.reporting.reports.filters import spelled
from services.reporting.reports.labels import MONTHS
from services.reporting.trail.listing import subject_with, trail_of
from services.reporting.trail.wording import sealed_hidden, what
from shared.web.templating import gettext as _


def shown(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each event in words, its raw form with boxes closed, and the row of its cause where that is on the page."""
    places = {row["event_id"]: number for number, row in enumerate(rows, 1)}
    return [
        row
        | {
            "number": number,
            "what": what(row["name"], row["payload"]),
            "raw": orjson.dumps(sealed_hidden(row["payload"]), option=orjson.OPT_INDENT_2).decode(),
            "cause": places.get(row["caused_by"]),
            "spelled": spelled(row["recorded_at"]),
        }
        for number, row in enumerate(rows, 1)
    ]


def stamp(instant: datetime) -> Markup:
    """Short enough for two in a row, whole for whoever copies it."""
    utc = instant.astimezone(UTC)
    text = f"{utc.day} {_(MONTHS[utc.month - 1])} {utc:%Y, %H:%M:%S}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(spelled(utc), spelled(utc), text)


def reference_in(rows: Sequence[dict[str, Any]]) -> str | None:
    """What customers call the complaint, where the story is one."""
    return next((row["payload"]["reference"] for row in rows if "reference" in row["payload"]), None)


def field_value(as_at: datetime | None) -> str:
    """As a field for an instant takes it: milliseconds, the next where there is more, so that nothing falls out."""
    if as_at is None:
        return ""
    rounded = as_at.astimezone(UTC) + timedelta(microseconds=-as_at.microsecond % 1000)
    return rounded.replace(tzinfo=None).isoformat(timespec="milliseconds" if rounded.microsecond else "seconds")


async def find(conn: Any, q: str) -> UUID | None:
    """By id, or by a reference however it is typed."""
    text = q.strip().replace(" ", "")
    try:
        subject = UUID(text)
    except ValueError:
        plain = text.replace("-", "")
        reference = f"{plain[:4]}-{plain[4:]}" if len(plain) == 8 else text
        return await subject_with(conn, reference) if reference.isprintable() and reference.isascii() else None
    return subject if await trail_of(conn, subject) else None
