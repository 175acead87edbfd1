"""The declaration of a list: its columns, filters, tabs and sorts. All SQL of it is constant; values travel apart."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from shared.features.forms import not_none
from shared.projections.view import View

R = TypeVar("R", bound=BaseModel)
Kind = Literal["text", "code", "id", "number", "flag", "from", "to"]
STYLES = {
    "text": "", "words": "words", "main": "main", "time": "time", "day": "time", "number": "number", "money": "number",
}  # fmt: skip
"""Kinds of columns, each with the style of its cells."""
KINDS: dict[object, str] = {datetime: "time", date: "day", int: "number", float: "number", Decimal: "number"}


@dataclass(frozen=True, slots=True)
class Column:
    """Mark of a field of the row's model, in `Annotated`; a field without one is a column for programs alone.

    One with a label is shown on the page. `sql` is what is read where that is not the source's column of the same name;
    `kind` is one of `STYLES`, from the field's type where it is not said ("money" is in the currency of the column
    `currency`); `sort` is the order that its head offers; `badges` are codes with their label and tone.
    """

    label: str = ""
    sql: str = ""
    kind: str = ""
    sort: str = ""
    badges: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    csv: bool = True
    name: str = ""

    @property
    def style(self) -> str:
        return STYLES[self.kind]


def of_state(source: str, name: str, kind: str) -> str:
    """The SQL of a column that is read from the state of an aggregate, which its row keeps (`Table.of_aggregate`).

    It needs no column in the view, and no index serves it.
    """
    return f"(convert_from({source}.state, 'utf8')::jsonb->>'{name}')::{kind}"


@dataclass(frozen=True, slots=True)
class Filter:
    """A parameter of the address and the condition that it stands for, which holds its value as `%(name)s`.

    Without one, the source's column of that name equals the value. Filters with the same `within` are asked of one row
    of another table: `within` holds their conditions at `{}`. `more` finds further values that the condition holds. One
    with a label is shown on the page once it is given, as a chip that takes it away; a `field` can be set there.
    """

    name: str
    label: str = ""
    sql: str = ""
    kind: Kind = "text"
    options: Mapping[str, str] = field(default_factory=dict)
    pattern: str = ""
    within: str = "{}"
    more: Callable[[Any, Any], Awaitable[Mapping[str, Any]]] | None = None
    field: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    """A named condition, the order in which its rows are worked, and whether it is counted and shown in the bar."""

    name: str
    label: str
    sql: str = ""
    sort: str = ""
    counted: bool = True
    shown: bool = True


def tabs_of(column: str, **labels: str) -> tuple[Tab, ...]:
    """All rows, and those with each value of a column."""
    every = Tab("", labels.pop("all"))
    return (every, *(Tab(value, label, f"{column} = '{value}'") for value, label in labels.items()))


@dataclass(frozen=True, slots=True)
class Sort:
    """Columns or expressions with their types, ascending; no two rows share the last. A minus turns them round.

    `index` is the view's index that serves it, `where` what else must hold of its rows.
    """

    keys: Sequence[str | tuple[str, Any]]
    index: str
    where: str = ""

    @property
    def names(self) -> list[str]:
        return [f"key{at}" for at in range(len(self.keys))]


@dataclass(frozen=True)
class Listing(Generic[R]):
    """Rows of `source` for which `real` holds; `joined` is what only adds to rows that are found already.

    `alias` is the source's in all SQL; `preamble` comes before the statement. `tab` is the parameter that names a tab,
    `default` the tab of an address that names none; `link` the address behind a row, with its columns in braces. The
    values `%(me)s` and `%(now)s` are there for every condition. `missing` is said where there is no row with an id.
    """

    name: str
    row: type[R]
    view: View
    may: str
    source: str
    alias: str
    sorts: Mapping[str, Sort]
    sort: str
    real: str = "true"
    joined: str = ""
    preamble: str = ""
    filters: Sequence[Filter] = ()
    tabs: Sequence[Tab] = ()
    tab: str = "view"
    default: str = ""
    link: str = ""
    missing: str = "Nothing has this ID."

    def __post_init__(self) -> None:
        indexes = {"primary key", *(index for table in self.view.tables for index in table.indexes)}
        for name, sort in self.sorts.items():
            if sort.index not in indexes:
                raise TypeError(f"{self.name}: no index of the view {self.view.name} serves the sort {name}")
        named = {self.sort, *(tab.sort for tab in self.tabs), *(column.sort for column in self.columns)}
        if unknown := {name.removeprefix("-") for name in named} - {"", *self.sorts}:
            raise TypeError(f"{self.name}: no sort is called {', '.join(sorted(unknown))}")

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns in the order of the model's fields, with defaults filled in."""
        columns = []
        for name, info in self.row.model_fields.items():
            said = next((mark for mark in info.metadata if isinstance(mark, Column)), Column())
            kind = said.kind or KINDS.get(not_none(info.annotation), "text")
            columns.append(replace(said, name=name, kind=kind, sql=said.sql or f"{self.alias}.{name}"))
        return tuple(columns)

    def keys(self, sort: Sort) -> list[tuple[str, Any]]:
        """The sort's expressions with their types; a column's is that of the model."""
        fields = self.row.model_fields
        return [
            (f"{self.alias}.{key}", not_none(fields[key].annotation)) if isinstance(key, str) else key
            for key in sort.keys
        ]

    @property
    def id(self) -> tuple[str, Any]:
        """The column that no two rows share, with its type: the last one of every sort."""
        return self.keys(self.sorts[self.sort.removeprefix("-")])[-1]

    @cached_property
    def select(self) -> str:
        return ", ".join(f"{column.sql} as {column.name}" for column in self.columns)

    def tab_of(self, name: str) -> Tab | None:
        return next((tab for tab in self.tabs if tab.name == name), None)


def period(sql: str, what: str) -> tuple[Filter, Filter]:
    """From one day to another, both included; an exact instant is taken as it is, and `to` then is not included."""
    return (
        Filter("from", "From", f"{sql} >= %(from)s", "from", description=f"{what} on or after this day."),
        Filter("to", "To", f"{sql} < %(to)s", "to", description=f"{what} on or before this day."),
    )
