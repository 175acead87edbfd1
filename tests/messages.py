"""Message catalogues: extract the source catalogue, and read it back as a pseudo-language.

python -m tests.messages        writes shared/web/catalogues/recourse.pot
"""

import ast
import io
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "shared/web/catalogues/recourse.pot"
OPEN, CLOSE = "⟦", "⟧"
PSEUDO = "x-pseudo"
CALLS = {
    "_": (0,), "gettext": (0,), "ngettext": (0, 1), "Column": (0,), "Tab": (1,), "Filter": (1,), "flash": (2,),
    "failure": (2, 3, 4), "error_page": (2, 3, 4), "__init__": (0,),
}  # fmt: skip
"""Callables that take messages, and the positions of those arguments."""
KEYWORDS = frozenset({"title", "label", "button", "said", "hint", "enter", "all", "options", "badges"})
"""Arguments, and keys of dictionaries, that are words wherever they are given."""
NAMES = frozenset({
    "sentence", "sentence_without", "ACKNOWLEDGEMENT", "CANNOT_BE_READ", "CODES", "FIELDS", "HEATS", "INVITATION",
    "MONTHS", "NAMES", "NEW_LINK", "NOTHING_SAID", "OUTCOMES", "QUESTIONS", "Redress", "SENTENCES", "SUBJECTS",
})  # fmt: skip
"""Fields of a class and tables that are words."""
TEXTS = frozenset({"title", "introduction", "thanks", "text", "hint", "label", "name", "subject", "body"})
"""Keys of the words in files of rules."""
TONES = frozenset({"neutral", "good", "warn", "danger", "accent"})
Found = tuple[int, str, str | tuple[str, ...], list[str]]


def of_python(file: BinaryIO, *_: Any, **__: Any) -> Iterator[Found]:
    """Messages that a module translates, or declares for others to translate: labels, sentences, refusals."""
    for node in ast.walk(ast.parse(file.read())):
        match node:
            case ast.Call(func=ast.Name(name) | ast.Attribute(attr=name), args=args, keywords=keywords):
                at = (0,) if name in refusals() else CALLS.get(name, ())
                given = [args[place] for place in at if place < len(args)]
                if name == "ngettext":
                    if len(plural := [text for one in given for text in _words(one)]) == 2:
                        yield node.lineno, "ngettext", tuple(plural), []
                    continue
                given += [one.value for one in keywords if one.arg in KEYWORDS or name == "tabs_of"]
            case ast.Dict(keys=keys, values=values):
                given = [
                    v for k, v in zip(keys, values, strict=True) if isinstance(k, ast.Constant) and k.value in KEYWORDS
                ]
            case ast.Assign(targets=[ast.Name(name)], value=value) | ast.AnnAssign(target=ast.Name(name), value=value):
                given = [value] if value and name in NAMES else []
            case ast.ClassDef(name=name, body=[ast.Expr(value=ast.Constant(value=str(said))), *_]) if (
                name in refusals()
            ):
                given = [
                    ast.Constant(said),
                    ast.Constant("".join(f" {c.lower()}" if c.isupper() and i else c for i, c in enumerate(name))),
                ]
            case _:
                continue
        for one in given:
            for text in _words(one):
                yield getattr(node, "lineno", 0), "gettext", text, []


def _words(node: ast.AST) -> Iterator[str]:
    """The texts that an expression may be."""
    match node:
        case ast.Constant(value=str(text)) if text and text not in TONES:
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from _words(one)
            yield from _words(other)
        case ast.Subscript(value=ast.Name("Literal"), slice=ast.Tuple(elts=many)):
            yield from (str(one.value).replace("-", " ").capitalize() for one in many if isinstance(one, ast.Constant))
        case ast.Lambda(body=body) | ast.Starred(value=body):
            yield from _words(body)
        case ast.Dict(values=many) | ast.Tuple(elts=many) | ast.List(elts=many) | ast.BoolOp(values=many):
            for one in many:
                yield from _words(one)


@cache
def refusals() -> frozenset[str]:
    """The names of all rules that can be broken, whose docstrings people read."""
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for path in (*ROOT.glob("shared/**/*.py"), *ROOT.glob("services/**/*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    }
    found = {"RuleBroken"}
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return frozenset(found)


def of_rules(file: BinaryIO, *_: Any, **__: Any) -> Iterator[Found]:
    """Messages in a file of rules."""

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, list):
            for one in value:
                yield from [one] if isinstance(one, str) else texts(one)
        elif isinstance(value, dict):
            for key, one in value.items():
                if isinstance(one, str):
                    yield from [one] if key in TEXTS else []
                else:
                    yield from texts(one)

    for text in texts(tomllib.loads(file.read().decode())):
        yield 0, "gettext", text, []


def of_codes(file: BinaryIO, *_: Any, **__: Any) -> Iterator[Found]:
    """The labels of a code list."""
    for entry in tomllib.loads(file.read().decode()).values():
        yield 0, "gettext", entry if isinstance(entry, str) else entry["label"], []


METHODS: list[tuple[str, Any]] = [
    ("**.py", of_python), ("**/templates/**.html", "jinja2.ext:babel_extract"), ("**/pyproject.toml", "ignore"),
    ("**/crisis_words.toml", "ignore"),
    ("**/code_lists/**.toml", of_codes), ("**.toml", of_rules),
]  # fmt: skip
OPTIONS = {"**/templates/**.html": {"silent": "false", "trimmed": "true", "newstyle_gettext": "true"}}


def extracted() -> str:
    """The source catalogue, as the code is now; without line numbers, which every change moves."""
    catalog = Catalog(project="Recourse", charset="utf-8")
    for folder in ("services", "shared", "deploy/gateway"):
        for name, _line, message, comments, context in extract_from_dir(ROOT / folder, METHODS, OPTIONS):
            catalog.add(message, None, [(f"{folder}/{name}", 0)], auto_comments=comments, context=context)
    file = io.BytesIO()
    write_po(file, catalog, width=120, omit_header=True, sort_output=True, include_lineno=False)
    return file.getvalue().decode()


def write_pseudo(folder: Path) -> None:
    """A language in which each message is itself between two marks: what is not between them cannot be translated."""
    with SOURCE.open("rb") as file:
        catalog = read_po(file)
    for message in catalog:
        if message.id:
            many = message.id if isinstance(message.id, tuple) else (message.id,)
            marked = tuple(f"{OPEN}{text}{CLOSE}" for text in many)
            message.string = marked if len(many) > 1 else marked[0]
    into = folder / PSEUDO / "LC_MESSAGES/recourse.mo"
    into.parent.mkdir(parents=True)
    with into.open("wb") as file:
        write_mo(file, catalog)


if __name__ == "__main__":
    SOURCE.write_text(extracted())
