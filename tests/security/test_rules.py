"""Rules of our own that no linter knows, over the source itself. Each has a sample that it must refuse."""

import ast
import importlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from shared.http.requests import form_of
from tests.security.routes import applications

ROOT = Path(__file__).parents[2]
FOLDERS = ("shared", "services", "deploy")
SOURCES = {path: ast.parse(path.read_text()) for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))}
TEMPLATES = {path: path.read_text() for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.html"))}

STATEMENT = re.compile(r"\s*\(?(select|insert into|update|delete from|create|alter|drop|with|copy|truncate)\b", re.I)
CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*(\[.*\])?")
LISTS = "shared/features/listing/queries.py"
DECLARED = {"Column", "Filter", "Listing", "Sort", "Tab", "period", "tabs_of"}
WRITTEN = {
    (LISTS, "listing.source"): "of a declaration, which is constant",
    (LISTS, "listing.select"): "of a declaration, which is constant",
    (LISTS, "listing.joined"): "of a declaration, which is constant",
    (LISTS, "listing.real"): "of a declaration, which is constant",
    (LISTS, "conditions(listing, asked.on(tab))"): "of a declaration, which is constant",
    (LISTS, "more"): "columns that services write",
    (LISTS, "listing.id[0]"): "the column of the id, that the listing declares",
    (LISTS, "condition"): "one that services write",
    ("services/reporting/reports/listing.py", "_relations(as_at)"): "one of two texts of that module",
    ("deploy/cli/keys/rotation.py", "keyring.masters.id"): "hexadecimal digits of a hash",
    ("services/surveys/response/view.py", "CHOSEN if chosen else ''"): "a constant, or nothing",
    ("shared/projections/versions.py", "lock"): "one of two words",
}
"""What stands in a statement and is no constant by its name; whoever adds a line has looked where it is from."""
MARKED = {
    "services/reporting/trail/page.py", "services/sentiment/card/page.py", "services/social/inbox/page.py",
    "shared/web/templating.py",
}  # fmt: skip
"""Modules that build HTML by themselves, each part escaped."""
SAFE = {"services/reporting/trail/templates/audit.html", "shared/web/templates/components.html"}
PERSONAL = re.compile(
    r"(^|[._\[\"'])(narrative|email|phone|body|text|summary|explanation|needs|recipient|password|secret|token|signed|cookie"
    r"|form|value|payload|query|headers|master_key|name_of|words)($|[.\]\"'(])"
)
SECRET = re.compile(r"secret|password|(^|[._])token$|csrf|hmac|api_key", re.I)


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)


def sql_is_constant(path: str, tree: ast.AST) -> Iterator[str]:
    """Values travel apart from statements: what stands in one is a constant, or was looked at."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and isinstance(first := node.values[0], ast.Constant | ast.FormattedValue):
            if isinstance(first, ast.Constant) and not STATEMENT.match(str(first.value)):
                continue
            for piece in node.values:
                if isinstance(piece, ast.FormattedValue) and STATEMENT.match(_text(node)):
                    written = ast.unparse(piece.value)
                    if not CONSTANT.fullmatch(written) and (path, written) not in WRITTEN:
                        yield f"{{{written}}} in a statement"
    for call, name in calls(tree):
        if name.endswith((".execute", ".executemany", ".stream")) and call.args:
            given = call.args[0]
            if isinstance(given, ast.BinOp) and isinstance(given.op, ast.Mod):
                yield "a statement made with %"
            made = ast.unparse(given) if isinstance(given, ast.Call) else ""
            if re.match(r"['\"].*\.(format|replace|join)\(", made, re.S):
                yield "a statement made with format()"


def declared_sql_is_constant(path: str, tree: ast.AST) -> Iterator[str]:
    """The pieces of which the kit makes the statements of lists."""
    for call, name in calls(tree):
        if name in DECLARED and path != "shared/features/listing/declaration.py":
            for node in ast.walk(call):
                if isinstance(node, ast.FormattedValue) and not CONSTANT.fullmatch(ast.unparse(node.value)):
                    yield f"{{{ast.unparse(node.value)}}} in {name}()"


def _text(node: ast.JoinedStr) -> str:
    return "".join(str(v.value) if isinstance(v, ast.Constant) else "x" for v in node.values)


def nothing_runs_what_it_is_given(path: str, tree: ast.AST) -> Iterator[str]:
    for call, name in calls(tree):
        if name in {"eval", "exec", "compile", "__import__", "os.system", "os.popen"} or name.split(".")[0] in {
            "pickle", "marshal", "shelve", "dill",
        }:  # fmt: skip
            yield name
        if name in {"yaml.load", "yaml.unsafe_load", "yaml.full_load"}:
            yield name
        for given in call.keywords:
            value = ast.unparse(given.value)
            connects = name.startswith(("httpx.", "requests.", "ssl.", "aiohttp.", "urllib"))
            if (given.arg, value) in {("shell", "True"), ("autoescape", "False")} or (
                connects and (given.arg, value) in {("verify", "False"), ("check_hostname", "False")}
            ):
                yield f"{given.arg}={value}"


def html_is_made_where_it_is_escaped(path: str, tree: ast.AST) -> Iterator[str]:
    for call, name in calls(tree):
        if name.split(".")[-1] == "Markup" and path not in MARKED:
            yield "Markup()"
        if name.split(".")[-1] == "Markup" and call.args and isinstance(call.args[0], ast.JoinedStr):
            yield "Markup() of an f-string"
        if name.split(".")[-1] == "HTMLResponse" and path not in {"shared/web/pages.py"}:
            yield "HTMLResponse() beside the templates"


def secrets_are_compared_in_constant_time(path: str, tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            sides = [ast.unparse(side) for side in (node.left, *node.comparators)]
            literal = any(isinstance(side, ast.Constant) for side in (node.left, *node.comparators))
            if not literal and any(SECRET.search(side) for side in sides):
                yield " == ".join(sides)


def logs_say_what_is_theirs(path: str, tree: ast.AST) -> Iterator[str]:
    """A constant event and named values, none of which may hold what people wrote or a secret."""
    for call, name in calls(tree):
        if re.fullmatch(r"log(ger)?\.(debug|info|warning|error|critical|exception)", name):
            if not (len(call.args) == 1 and isinstance(call.args[0], ast.Constant)):
                yield f"{name} without a constant event"
            for given in call.keywords:
                value = ast.unparse(given.value)
                if isinstance(given.value, ast.JoinedStr) or value in {"str(error)", "repr(error)"}:
                    yield f"{given.arg}={value}"
                if given.arg != "exc_info" and PERSONAL.search(value):
                    yield f"{given.arg}={value}"


CACHES = {
    "_verify": "signatures of ours, of a bounded length", "_parsed": "cut to a bounded length",
    "_chained": "records of a bounded length", "_in_lexicon": "words of a bounded length",
    "edition": "one", "_catalogue": "languages that we have", "_shared": "one", "_analyzer": "one",
    "_bars": "drawings of at most eight bars", "_line": "drawings of at most sixty points",
    "topic_settings": "the files of an installation", "texts": "one", "fields_of": "models of ours",
    "_reader": "types of ours",
}  # fmt: skip
"""What is remembered by function, and what bounds its bytes: a count alone does not where strangers choose the size."""


def what_is_remembered_is_bounded(path: str, tree: ast.AST) -> Iterator[str]:
    """By a decorator, or by a call over a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(map(_caches, node.decorator_list)) and node.name not in CACHES:
            yield f"{node.name} remembers its answers"
    for call, _ in calls(tree):
        given = ast.unparse(call.args[0]).rpartition(".")[2] if call.args else ""
        if _caches(call.func) and ast.unparse(call.func) != "lru_cache" and given not in CACHES:
            yield f"{given} remembers its answers"


def _caches(node: ast.expr) -> bool:
    return bool(re.fullmatch(r"(functools\.)?(cache|lru_cache(\(.*\))?)", ast.unparse(node)))


RULES: list[Callable[[str, ast.AST], Iterator[str]]] = [
    sql_is_constant, declared_sql_is_constant, nothing_runs_what_it_is_given, html_is_made_where_it_is_escaped,
    secrets_are_compared_in_constant_time, logs_say_what_is_theirs, what_is_remembered_is_bounded,
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_source_keeps_the_rule(rule: Callable[[str, ast.AST], Iterator[str]]) -> None:
    found = [f"{path.relative_to(ROOT)}: {what}" for path, tree in SOURCES.items()
             for what in rule(path.relative_to(ROOT).as_posix(), tree)]  # fmt: skip
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("rule", "sample"),
    [
        (sql_is_constant, 'f"select * from {table} where x = 1"'),
        (sql_is_constant, 'conn.execute("select * from a where b = %s" % b)'),
        (sql_is_constant, 'conn.execute("select {}".format(b))'),
        (declared_sql_is_constant, 'Filter("a", "A", f"b = {c}")'),
        (nothing_runs_what_it_is_given, "pickle.loads(b)"),
        (nothing_runs_what_it_is_given, "eval(given)"),
        (nothing_runs_what_it_is_given, "run(command, shell=True)"),
        (nothing_runs_what_it_is_given, "httpx.get(url, verify=False)"),
        (nothing_runs_what_it_is_given, "yaml.load(text)"),
        (html_is_made_where_it_is_escaped, "Markup(text)"),
        (html_is_made_where_it_is_escaped, "HTMLResponse(text)"),
        (secrets_are_compared_in_constant_time, "given == self.secret"),
        (secrets_are_compared_in_constant_time, "csrf != form.get('csrf')"),
        (what_is_remembered_is_bounded, "@lru_cache(10)\ndef read(link): pass"),
        (what_is_remembered_is_bounded, "@functools.cache\ndef read(link): pass"),
        (what_is_remembered_is_bounded, "self.read = lru_cache(REMEMBERED)(self._read)"),
        (logs_say_what_is_theirs, "log.info(f'made {x}')"),
        (logs_say_what_is_theirs, "log.info('made', email=person.email)"),
        (logs_say_what_is_theirs, "log.warning('failed', error=str(error))"),
    ],
)  # fmt: skip
def test_the_rule_refuses(rule: Callable[[str, ast.AST], Iterator[str]], sample: str) -> None:
    assert list(rule("services/made_up/pages.py", ast.parse(sample)))


def test_whatever_is_raised_can_be_given_its_traceback() -> None:
    """A frozen one cannot: a context manager that lets it pass raises another in its place."""
    for path in SOURCES:
        if path.stem not in ("__main__", "__init__"):
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    found = [one for one in _below(Exception) if one.__module__.startswith(FOLDERS)]
    assert len(found) > 40
    assert [one for one in found if one.__setattr__ is not Exception.__setattr__] == []


def _below(kind: type[Exception]) -> Iterator[type[Exception]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def test_every_page_that_takes_a_form_checks_where_it_came_from() -> None:
    """By the hidden field that `form_of` compares; the API takes no forms and no cookies from elsewhere.

    The complaint form compares it by itself, as it gives a stranger their words back and goes no further.
    """
    pages = {
        route.path: {dependant.call for dependant in _all(route.dependant)}
        for app in applications().values()
        for route in (context.original_route for context in iter_route_contexts(app.routes))
        if isinstance(route, APIRoute) and (route.methods or set()) - {"GET"} and not route.path.startswith("/api/")
    }
    assert len(pages) > 10
    assert [path for path, called in pages.items() if form_of not in called] == ["/complain"]


def _all(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for inner in dependant.dependencies:
        yield from _all(inner)


def test_every_form_that_is_posted_carries_its_field() -> None:
    form = re.compile(r"<form\b[^>]*method=\"post\".*?</form>", re.I | re.S)
    forms = [(path, found) for path, text in TEMPLATES.items() for found in form.findall(text)]
    assert len(forms) > 10
    assert [(path, found[:120]) for path, found in forms if not re.search(r"csrf|hidden\(", found)] == []


def test_templates_escape_everything_but_where_it_was_looked_at() -> None:
    for path, text in TEMPLATES.items():
        if path.relative_to(ROOT).as_posix() not in SAFE:
            assert not re.search(r"\|\s*safe\b|autoescape false|\{%-?\s*autoescape", text), path
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|\son[a-z]+=\"|javascript:|\sstyle=\"", text), path
