"""Rows of the public Consumer Complaint Database, in every layout that was ever published.

16 columns today, 18 from 2015 to mid-2026 (with consent and dispute), 19 with an event tag, the intake header of the
same era, and files that carry only some of the columns. Dates were written in five ways.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid5

from services.intake.complaint.receiving import Arrival, Grievance, complaint_id_of
from services.intake.importing.commands import Item
from shared.text import NotPlain, printable

COLUMNS = {
    "date received": "date", "date_received": "date",
    "product": "product",
    "sub-product": "sub_product", "sub_product": "sub_product",
    "issue": "issue",
    "sub-issue": "sub_issue", "sub_issue": "sub_issue",
    "consumer complaint narrative": "narrative", "consumer_narrative": "narrative",
    "complaint_what_happened": "narrative",
    "company": "organisation",
    "state": "region",
    "tags": "tags", "tag": "tags",
    "complaint id": "id", "public_id": "id", "complaint_id": "id",
    "event tag": "event_tag", "event_tag": "event_tag",
}  # fmt: skip
LIMITS = {"product": 200, "sub_product": 200, "issue": 200, "sub_issue": 200, "organisation": 200, "region": 50}
CONTROL = {code: None for code in range(32) if chr(code) not in "\n\t"}
EARLIEST = date(1970, 1, 1)
Fields = dict[str, str | None]


def read_rows(
    file: str, name: str, header: Sequence[str], first: int, lines: Sequence[int], rows: Sequence[Sequence[str]],
    now: datetime,
) -> list[Item]:  # fmt: skip
    """One item per row; a row that cannot be taken says why."""
    latest = (now + timedelta(days=1)).date()  # somewhere it is tomorrow
    columns = [COLUMNS.get(title.strip().lower().lstrip("\ufeff")) for title in header]
    items = []
    for number, (line, row) in enumerate(zip(lines, rows, strict=False), first):
        found = {column: _plain(value) for column, value in zip(columns, row, strict=False) if column}
        wrong = _wrong(found, latest)
        if len(row) != len(header):
            wrong.insert(0, f"the row has {len(row)} fields where the header has {len(header)}")
        items.append(_item(Arrival("import", f"cfpb:{name}", f"{file}/{number}", line), found, wrong))
    return items


def _item(arrival: Arrival, found: Fields, wrong: list[str]) -> Item:
    day = None if wrong else _date(found.get("date"))
    received_at = datetime.combine(day, time(), UTC) if day else None
    external_id = f"cfpb:{found['id']}" if found.get("id") else None
    complaint_id = complaint_id_of(external_id or arrival.key, received_at or datetime(2020, 1, 1, tzinfo=UTC))
    tags = tuple(tag.strip() for tag in (found.get("tags") or "").split(",") if tag.strip())
    grievance = Grievance(
        narrative=found.get("narrative"), organisation=found.get("organisation"), product=found.get("product"),
        sub_product=found.get("sub_product"), issue=found.get("issue"), sub_issue=found.get("sub_issue"),
        region=found.get("region"), tags=tags,
    )  # fmt: skip
    # The file names no people; each narrative still has an author of its own, who can be erased.
    return Item(
        arrival, complaint_id, uuid5(complaint_id, "person"), grievance, external_id, received_at, tuple(wrong)
    )  # fmt: skip


def _wrong(found: Fields, latest: date) -> list[str]:
    reasons = []
    if not found.get("product") and not found.get("narrative"):
        reasons.append("there is neither a product nor a narrative")
    day = _date(found.get("date"))
    if found.get("date") and day is None:
        reasons.append("the date received is not a date")
    elif day and day > latest:
        reasons.append("the date received is in the future")
    if found.get("id") and not found.get("date"):  # the id that we give follows from both
        reasons.append("there is a complaint id and no date received")
    if found.get("id") and not re.fullmatch(r"\d{1,18}", found["id"] or ""):
        reasons.append("the complaint id is not a number")
    for column, text in found.items():
        try:
            printable(text or "")
        except NotPlain as error:
            reasons.append(f"{column.replace('_', '-')}: {error}")
    return reasons + [
        f"{column.replace('_', '-')} is longer than {limit} characters"
        for column, limit in LIMITS.items()
        if len(found.get(column) or "") > limit
    ]


def _date(text: str | None) -> date | None:
    """`2020-03-18`, `2020/3/18`, `9/24/19`, `03/18/2020` or an ISO timestamp."""
    text = text or ""
    if match := re.fullmatch(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(T.*)?", text):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
    elif match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{2}|\d{4})", text):
        month, day, year = int(match[1]), int(match[2]), int(match[3])
        year += 2000 if year < 100 else 0
    else:
        return None
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if found >= EARLIEST else None


def _plain(value: str) -> str | None:
    """Without control characters and outer blanks; nothing becomes None."""
    return value.translate(CONTROL).strip() or None
