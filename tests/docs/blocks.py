"""Code blocks of the pages, each with the comment above it that says how it is run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
ORDER = ("README", "integrator", "auditor", "contributor", "operator", "performance", "scaling")
"""The operator's page is last of those that change anything: it erases, backs up and restores."""
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")], key=lambda page: ORDER.index(page.stem))
BLOCK = re.compile(
    r"(?:^ *<!-- (?P<mark>[^\n]+) -->\n)?^(?P<indent> *)```(?P<language>\w+)\n(?P<text>.*?)^ *```$", re.M | re.S
)


@dataclass(frozen=True)
class Block:
    """`mark` is what the comment says: `run: STAGE`, `file: PATH`, `change: PATH`, `elsewhere`, or nothing."""

    page: str
    line: int
    language: str
    mark: str
    text: str
    shown: str = ""
    """What the page says that comes of it: the block of language `text` or `json` that follows with nothing between."""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text()
    found = list(BLOCK.finditer(text))
    for number, match in enumerate(found):
        if match["language"] in ("text", "json"):
            continue
        after = found[number + 1] if number + 1 < len(found) else None
        shown = after and after["language"] in ("text", "json") and not text[match.end() : after.start()].strip()
        yield Block(
            page.name, text.count("\n", 0, match.start("language")) + 1, match["language"], match["mark"] or "",
            _plain(match), _plain(after) if shown and after else "",
        )  # fmt: skip


def every() -> list[Block]:
    return [block for page in PAGES for block in blocks(page)]


def of_stage(stage: str) -> list[Block]:
    return [block for block in every() if block.mark == f"run: {stage}"]


def _plain(match: re.Match[str]) -> str:
    return re.sub(rf"^{match['indent']}", "", match["text"], flags=re.M)


def form(shown: str) -> list[re.Pattern[str]]:
    """A pattern for each line that is shown: numbers and dates may be others, `…` is anything, spaces are any."""
    return [re.compile(_pattern(line)) for line in shown.splitlines() if line.strip()]


def _pattern(line: str) -> str:
    made = ""
    for word in re.findall(r"\s+|…|\d[\d,.:]*|[^\s…\d]+", line.strip()):
        made += (
            r"\s+" if word.isspace() else ".*" if word == "…" else r"[\d,.:]+" if word[0].isdigit() else re.escape(word)
        )
    return made


def missing(shown: str, said: str) -> list[str]:
    """The patterns to which no line fits, from the line of the one before on."""
    lines = iter([re.sub(r"\x1b\[[\d;]*m", "", line) for line in said.splitlines()])
    return [one.pattern for one in form(shown) if not any(one.search(line) for line in lines)]
