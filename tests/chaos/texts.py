"""What customers say: rows of the real file where it is here, else invented rows of the same form."""

# ruff: noqa: S311 - chance that can be repeated, and no secrets

import csv
import random
from functools import cache
from pathlib import Path

from tests.serving import DATA

REAL = DATA / "cfpb" / "public_18_columns.csv"
HEADER = ["Date received", "Product", "Issue", "Consumer complaint narrative", "Company", "State", "Complaint ID"]
WORDS = ("bank", "card", "charged", "twice", "nobody", "answered", "letter", "wrong", "fee", "account", "terrible")
csv.field_size_limit(10_000_000)


def told() -> str:
    """Which of the two it is, in a sentence."""
    return f"rows of {REAL.name}" if REAL.exists() else "rows that are invented: the real file is not here"


@cache
def rows() -> tuple[list[str], list[list[str]]]:
    """The header and the rows."""
    if REAL.exists():
        with REAL.open(newline="", encoding="utf-8-sig", errors="replace") as file:
            header, *found = csv.reader(file)
        return header, [row for row in found if row]
    chance = random.Random(7)
    return HEADER, [
        ["2024-03-14", "Mortgage", "Fee", " ".join(chance.choices(WORDS, k=chance.choice((0, 60, 150)))), "A bank",
         "FL", str(9_000_000 + n)]
        for n in range(5000)
    ]  # fmt: skip


@cache
def narratives() -> list[str]:
    """What people wrote, for complaints that come one by one."""
    header, found = rows()
    at = next(n for n, title in enumerate(header) if "narrative" in title.lower())
    return [row[at][:20_000] for row in found if row[at].strip()]


def name() -> str:
    return REAL.name if REAL.exists() else Path("invented.csv").name
