"""The Jinja environment of every page: escaped, strict about names, and translated."""

import gettext as catalogues
import hashlib
from collections.abc import Sequence
from contextvars import ContextVar
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jinja2
from markupsafe import Markup, escape

from shared.text import drawable

from . import charts, words

HERE = Path(__file__).parent
STATIC = HERE / "static"
CATALOGUES = HERE / "catalogues"
CURSORS = frozenset({"after", "before", "page[after]", "page[before]"})

language: ContextVar[str] = ContextVar("language", default="en")
"""The language of the answer: pages, refusals and notices alike."""
address: ContextVar[tuple[str, str]] = ContextVar("address", default=("", ""))
"""Path and query of the page being rendered; a variable of the task, so that macros can build links too."""


@cache
def _catalogue(code: str) -> catalogues.NullTranslations:
    return catalogues.translation("recourse", CATALOGUES, languages=[code], fallback=True)


def gettext(text: str) -> str:
    """The text in the language of the page being rendered; English where no catalogue has it."""
    return _catalogue(language.get()).gettext(text) if text else ""


def ngettext(one: str, many: str, count: int) -> str:
    """The right plural in the language of the page being rendered."""
    return _catalogue(language.get()).ngettext(one, many, count)


@cache
def edition() -> str:
    """The hash of all static files: a folder of their addresses, so that what a module imports changes with it."""
    files = sorted(path for path in STATIC.rglob("*") if path.is_file())
    found = hashlib.sha256(b"".join(str(path.relative_to(STATIC)).encode() + path.read_bytes() for path in files))
    return f"v-{found.hexdigest()[:12]}"


def safe_gettext(text: str, **values: object) -> Markup:
    """`_` of the templates. Jinja's own of the same rules takes three calls and a new context, twenty times a row."""
    said = escape(gettext(text))  # labels of a firm come this way too, whatever signs they hold
    return said % values if values else said


def static(path: str) -> str:
    """The address of a static file, which can be kept for a year."""
    return f"/static/{edition()}/{path}"


def query(**changes: object) -> str:
    """This page's address with some parameters changed or, by None, removed; it starts at the first page."""
    path, current = address.get()
    dropped = changes.keys() | CURSORS
    pairs = [(key, value) for key, value in parse_qsl(current, keep_blank_values=True) if key not in dropped]
    for key, value in changes.items():
        if value is None:
            continue
        many = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        pairs.extend((key, str(one)) for one in many)
    return f"{path}?{urlencode(pairs)}" if pairs else path


def time_tag(instant: datetime, text: str, kind: str) -> Markup:
    """A `<time>` kept fresh by the page, with the exact instant and zone on hover and for screen readers."""
    exactly = exact(instant)
    return Markup(
        '<time datetime="%s" title="%s" data-time="%s"><span>%s</span><span class="hidden"> (%s)</span></time>'
    ) % (instant.astimezone(UTC).isoformat(), exactly, kind, text, exactly)


def when(instant: datetime | None, now: datetime | None = None) -> str:
    """The distance to an instant; an empty value gives a dash, as tables need."""
    if instant is None:
        return "–"
    return time_tag(instant, words.relative(instant, now or datetime.now(UTC), gettext), "when")


def left(due: datetime, now: datetime | None = None) -> str:
    """The words of a running clock."""
    return time_tag(due, words.remaining(due, now or datetime.now(UTC), gettext), "left")


def exact(instant: datetime) -> str:
    """The instant itself, for the audit trail and wherever seconds matter."""
    return words.exact(instant, gettext)


def day(value: date | None) -> str:
    """A date in words, or a dash; an instant's is the one that it has in UTC."""
    if isinstance(value, datetime):
        value = value.astimezone(UTC)
    return words.day(value, gettext) if value else "–"


def field_value(value: object) -> object:
    """A value as an input takes it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
    return "" if value is None else value


def digest(value: str) -> str:
    """Tells one from another without saying who it is."""
    return hashlib.sha256(value.encode()).hexdigest()[:16]


def templates(*folders: Path) -> jinja2.Environment:
    """An environment that finds a service's templates first and the shared ones after them."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, HERE / "templates"]), autoescape=True, auto_reload=False,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.i18n"],
    )  # fmt: skip
    i18n: Any = environment
    i18n.install_gettext_callables(gettext, ngettext, newstyle=True)
    environment.policies["ext.i18n.trimmed"] = True
    environment.filters.update(
        when=when, left=left, exact=exact, day=day, digest=digest, field_value=field_value, number=words.number,
        money=words.money, percent=words.percent, drawable=drawable,
    )  # fmt: skip
    environment.globals.update(
        _=safe_gettext, gettext=safe_gettext, static=static, query=query, clock_state=words.clock_state,
        feeling=words.feeling, share=charts.share, ticks=charts.ticks, spots=charts.spots, address=address.get,
    )  # fmt: skip
    return environment
